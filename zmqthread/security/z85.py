"""Z85 (RFC 32): four octets as five printable characters."""

from __future__ import annotations

from struct import Struct
from typing import Final

ALPHABET: Final = (
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
)
_DIGITS: Final = {character: digit for digit, character in enumerate(ALPHABET)}
_WEIGHTS: Final = (85**4, 85**3, 85**2, 85, 1)
_WORD: Final = Struct(">I")


def encode(rawbytes: bytes | bytearray | memoryview) -> bytes:
    """Return octets as Z85.

    Raises:
        ValueError: their number is not divisible by 4.
    """
    data = bytes(rawbytes)
    if len(data) % 4:
        raise ValueError(f"length must be a multiple of 4, not {len(data)}")
    return bytes(
        ALPHABET[word // weight % 85] for (word,) in _WORD.iter_unpack(data) for weight in _WEIGHTS
    )


def decode(z85bytes: str | bytes | bytearray | memoryview) -> bytes:
    """Return the octets that Z85 stands for.

    Raises:
        ValueError: the length is not divisible by 5, a character is not in the alphabet, or five
            of them stand for more than 32 bits. The text is not shown: it may be a key.
    """
    if isinstance(z85bytes, str):
        if not z85bytes.isascii():
            raise ValueError("not Z85: characters outside ASCII")
        z85bytes = z85bytes.encode("ascii")
    data = bytes(z85bytes)
    if len(data) % 5:
        raise ValueError(f"length must be a multiple of 5, not {len(data)}")
    return b"".join(_word(data[start : start + 5]) for start in range(0, len(data), 5))


def _word(group: bytes) -> bytes:
    number = 0
    for character in group:
        digit = _DIGITS.get(character)
        if digit is None:
            raise ValueError("not Z85: a character outside the alphabet")
        number = number * 85 + digit
    if number >> 32:
        raise ValueError("not Z85: a group of more than 32 bits")
    return number.to_bytes(4)
