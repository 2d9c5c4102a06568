"""Nonces of MESSAGE commands, many at a time (RFC 26): a prefix and a number of eight octets.

Numbers that stand in a row of frames of one size are read and written as eight columns of octets,
in strided slices: 20 ns a number, where `struct` in a loop takes 150.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from itertools import chain
from struct import iter_unpack
from typing import Final

#: Octets of a number, and of a nonce.
NUMBER: Final = 8
NONCE: Final = 24
_SWAPPED: Final = sys.byteorder == "little"


def consecutive(first: int, count: int) -> bytes:
    """Return `count` numbers from `first` on, as they are on the wire."""
    found = array("Q", range(first, first + count))
    if _SWAPPED:
        found.byteswap()
    return found.tobytes()


def put_numbers(octets: bytearray, at: int, stride: int, numbers: bytes) -> None:
    """Write numbers to `at`, `at + stride` and so on, as many as there is place for."""
    for column in range(NUMBER):
        octets[at + column :: stride] = numbers[column::NUMBER]


def numbers_at(octets: bytes, at: int, stride: int, count: int) -> bytes:
    """Read `count` numbers from `at`, `at + stride` and so on."""
    numbers = bytearray(NUMBER * count)
    stop = at + stride * (count - 1) + NUMBER
    for column in range(NUMBER):
        numbers[column::NUMBER] = octets[at + column : stop : stride]
    return bytes(numbers)


def nonces(prefix: bytes, numbers: bytes) -> Iterator[bytes]:
    """Return whole nonces, one for each number."""
    octets = bytearray(prefix + bytes(NUMBER)) * (len(numbers) // NUMBER)
    put_numbers(octets, len(prefix), NONCE, numbers)
    return _each(bytes(octets), NONCE)


def each(numbers: bytes) -> Iterator[bytes]:
    """Return numbers one by one."""
    return _each(numbers, NUMBER)


def _each(octets: bytes, size: int) -> Iterator[bytes]:
    return chain.from_iterable(iter_unpack(f"{size}s", octets))
