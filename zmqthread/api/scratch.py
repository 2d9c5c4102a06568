"""Buffers to receive into: as many as there are turns at once, not one for each socket."""

from __future__ import annotations

from collections import deque

_SIZE = 1 << 18

NONE = memoryview(b"")
free: deque[memoryview] = deque()


def take() -> memoryview:
    """Return a buffer that nobody uses."""
    try:
        return free.pop()
    except IndexError:
        return memoryview(bytearray(_SIZE))


give_back = free.append
