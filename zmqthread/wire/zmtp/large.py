"""The buffer of one large frame: received into directly, given out without a copy."""

from __future__ import annotations

from io import BytesIO
from typing import Final

# Reserved at a time for one frame, whatever size it announces. Fresh zero pages take no memory
# until they are written, so memory grows with the data received.
CHUNK: Final = 8 * 1024 * 1024


class LargeBody:
    """The buffer of one large frame while it is received."""

    __slots__ = ("_chunks", "_file", "_left", "_view", "flags", "free", "size")

    def __init__(self, flags: int, size: int) -> None:
        self.flags = flags
        self.size = size
        self._left = size
        self._chunks: list[bytes] = []
        self._reserve()

    def _reserve(self) -> None:
        # BytesIO shares the zeroed bytes object (nothing is copied, nothing is touched yet) and
        # getvalue() gives the same object back.
        self._file = BytesIO(bytes(min(self._left, CHUNK)))
        self._view = self.free = self._file.getbuffer()

    @property
    def missing(self) -> int:
        """Octets still to come."""
        return self._left

    def feed(self, data: memoryview) -> int:
        """Copy in what belongs to the frame; return how much that was."""
        taken = 0
        while self._left and taken < len(data):
            count = min(len(self.free), len(data) - taken)
            self.free[:count] = data[taken : taken + count]
            taken += count
            self.filled(count)
        return taken

    def filled(self, count: int) -> None:
        """Note that the first octets of `free` have been written."""
        self._left -= count
        rest = self.free[count:]
        if self.free is not self._view:
            self.free.release()
        self.free = rest
        if not rest:
            rest.release()
            self._view.release()
            self._chunks.append(self._file.getvalue())
            if self._left:
                self._reserve()

    def abandon(self) -> None:
        """Let go of the buffer: a collector that finds both would free it before its views."""
        self.free.release()
        self._view.release()

    def value(self) -> bytes:
        """The whole body, once nothing is missing."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
