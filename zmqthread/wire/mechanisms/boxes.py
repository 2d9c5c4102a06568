"""Boxes of one key, many at a time: libsodium's functions as PyNaCl has them underneath.

PyNaCl's own functions copy each text three times: for 257 octets they take 4 us to close and to
open a box, of which libsodium needs 1.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from operator import add, sub
from typing import Any, Final

import _cffi_backend
from nacl import bindings
from nacl.exceptions import CryptoError

#: What a box is longer than the text in it.
MAC: Final = 16

_ffi: Final = _cffi_backend.FFI()
# What comes out is written over before anybody looks at it.
_buffer: Final = _ffi.new_allocator(should_clear_after_alloc=False)


def _close_slowly(box: Any, text: Any, size: int, nonce: bytes, key: bytes) -> int:
    """`crypto_box_easy_afternm` by what PyNaCl 1.5 has."""
    sealed = bindings.crypto_box_afternm(bytes(_ffi.buffer(text, size)), nonce, key)
    _ffi.memmove(box, sealed, len(sealed))
    return 0


def _open_slowly(text: Any, box: Any, size: int, nonce: bytes, key: bytes) -> int:
    """`crypto_box_open_easy_afternm` by what PyNaCl 1.5 has."""
    sealed = box if isinstance(box, bytes) else bytes(_ffi.buffer(box, size))
    try:
        opened = bindings.crypto_box_open_afternm(sealed, nonce, key)
    except CryptoError:
        return -1
    _ffi.memmove(text, opened, len(opened))
    return 0


try:
    from nacl._sodium import lib

    _close = lib.crypto_box_easy_afternm
    _open = lib.crypto_box_open_easy_afternm
except (ImportError, AttributeError):  # before PyNaCl 1.6
    _close, _open = _close_slowly, _open_slowly


def close_box(octets: bytearray, text: int, nonce: bytes, key: bytes) -> None:
    """Put what is in `octets` from `text` on into a box; `MAC` octets before it are for its box."""
    with _ffi.from_buffer(octets) as start:
        place = start + text
        if _close(place - MAC, place, len(octets) - text, nonce, key):
            raise RuntimeError("libsodium cannot close a box")


def close_boxes(
    octets: bytearray,
    texts: Iterable[int],
    sizes: Iterable[int],
    nonces: Iterable[bytes],
    key: bytes,
) -> None:
    """Put texts into boxes where they are: each has `MAC` octets before it for its box.

    Args:
        octets: what holds the texts, and then the boxes.
        texts: where they begin.
        sizes: their lengths.
        nonces: 24 octets for each.
        key: of `crypto_box_beforenm`.
    """
    with _ffi.from_buffer(octets) as start:
        places = list(map(add, repeat(start + 0), texts))
        boxes = map(sub, places, repeat(MAC))
        if any(map(_close, boxes, places, sizes, nonces, repeat(key))):
            raise RuntimeError("libsodium cannot close a box")


def open_box(octets: bytes, box: int, nonce: bytes, key: bytes) -> memoryview | None:
    """Open a box that begins at `box`; None if it is not authentic."""
    size = len(octets) - box
    opened = _buffer("unsigned char[]", size - MAC)
    with _ffi.from_buffer(octets) as start:
        failure = _open(opened, start + box, size, nonce, key)
    return None if failure else memoryview(_ffi.buffer(opened))


def open_boxes(
    octets: bytes,
    boxes: Iterable[int],
    sizes: Sequence[int],
    nonces: Iterable[bytes],
    key: bytes,
) -> tuple[bytes, list[int]]:
    """Open boxes up to the first that is not authentic, or for which there is no nonce.

    Args:
        octets: what holds the boxes.
        boxes: where they begin.
        sizes: their lengths.
        nonces: 24 octets for each.
        key: of `crypto_box_beforenm`.

    Returns:
        The texts, one after the other, and where each ends.
    """
    ends = list(accumulate(map((-MAC).__add__, sizes)))
    plain, count = _open_all(octets, boxes, sizes, [0, *ends], nonces, key)
    del ends[count:]
    return plain[: ends[-1] if ends else 0], ends


def open_alike(
    octets: bytes, boxes: range, size: int, nonces: Iterable[bytes], key: bytes
) -> bytes:
    """`open_boxes` for boxes of one size: return the texts, one after the other."""
    text = size - MAC
    texts = range(0, (len(boxes) + 1) * text, text)
    plain, count = _open_all(octets, boxes, repeat(size), texts, nonces, key)
    opened: bytes = plain[: count * text]
    return opened


def _open_all(
    octets: bytes,
    boxes: Iterable[int],
    sizes: Iterable[int],
    texts: Sequence[int],
    nonces: Iterable[bytes],
    key: bytes,
) -> tuple[Any, int]:
    """Open boxes to `texts`, whose last one is the end; return the buffer and how many."""
    opened = _buffer("unsigned char[]", texts[-1])
    with _ffi.from_buffer(octets) as start:
        places = map(add, repeat(start + 0), boxes)
        targets = map(add, repeat(opened + 0), texts)
        failures = list(map(_open, targets, places, sizes, nonces, repeat(key)))
    count = failures.index(-1) if any(failures) else len(failures)
    return _ffi.buffer(opened), count
