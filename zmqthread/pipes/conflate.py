"""CONFLATE: a lane that holds the latest message only."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from zmqthread.pipes.lane import BATCH, Lane


class _Latest(deque[Any]):
    """Holds one message; libzmq does not support multiparts here and keeps their last frame."""

    def __init__(self) -> None:
        super().__init__(maxlen=1)

    def append(self, message: Any) -> None:
        super().append(message[-1] if message.__class__ is tuple else message)

    def extend(self, messages: Iterable[Any]) -> None:
        for message in messages:
            self.append(message)


class ConflatedLane(Lane):
    """A lane whose unread message is replaced by the next one; it is never full.

    Replacing must not meet a reader half-way, and readers take from ``queue`` as they take from
    that of any lane.  A deque of length 1 does it: its ``append`` drops what is unread and puts the
    new message in one step, as atomic as ``popleft``.  So the reader gets the old message or the
    new one, never both in the wrong order, and the new one is never lost.

    There is no room for marks in it.  They act when the reader finds the queue empty, which is when
    it would come to them in another lane, too.
    """

    __slots__ = ("_marks",)

    def __init__(self, hwm: int = 0, byte_limit: int = 0) -> None:
        super().__init__(hwm, byte_limit)
        self.queue = _Latest()
        self._marks: deque[Callable[[], None]] = deque()

    def set_hwm(self, hwm: int) -> None:
        """Note the high-water mark, which does not matter here."""
        self.hwm = hwm
        # Never reached.  Not less, so that a flush is not asked for after each message.
        self.limit = self.gather = BATCH

    def room(self) -> int:
        """Return how many messages may come at once."""
        return BATCH

    def full(self) -> bool:
        """Return False: the next message never has to wait."""
        return False

    def weigh(self, size: int) -> None:
        """Count nothing: there is one message."""

    def mark(self, act: Callable[[], None], left: int = 0) -> None:
        """Have the reader call ``act`` when there is no message, whatever ``left`` allows."""
        self._marks.append(act)

    def take(self) -> Any:
        """Return the message; if there is none, do the marks and return None."""
        while True:
            try:
                return self.queue.popleft()
            except IndexError:
                if not self._act():
                    return None

    def peek(self) -> bool:
        """Return whether there is a message; if there is none, do the marks."""
        while not self.queue:
            if not self._act():
                return False
        return True

    def _act(self) -> bool:
        """Do a mark, if there is one."""
        try:
            act = self._marks.popleft()
        except IndexError:
            return False
        act()
        return True
