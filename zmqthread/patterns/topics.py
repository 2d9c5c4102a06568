"""Topics, and what one subscriber wants.

A frame matches a topic that it begins with.  So one look-up for each *length* that topics have
finds all topics that match, however many there are; nothing here is recursive or nested.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from zmqthread.message import Cancel, Subscribe

Value = TypeVar("Value")

#: Up to so many topics `bytes.startswith` is quicker than looking them up.
_FEW = 16


def head_of(message: Any, size: int) -> bytes:
    """Return the first frame of a message, at least its first ``size`` octets."""
    frame = message[0] if message.__class__ is tuple else message
    if frame.__class__ is bytes:
        return frame
    return bytes(frame.data[:size])  # of a large shared frame only what is looked at


def subscription_in(frame: Any) -> Subscribe | Cancel | None:
    """Return what a frame in the old form says: 01 subscribes to the rest of it, 00 cancels."""
    if not len(frame):
        return None
    octets = frame if frame.__class__ is bytes else frame.data
    if octets[0] > 1:
        return None
    return (Subscribe if octets[0] else Cancel)(bytes(octets[1:]))


class ByTopic(Generic[Value]):
    """A dictionary by topic that knows which lengths its topics have."""

    __slots__ = ("_having", "lengths", "values")

    def __init__(self) -> None:
        self.values: dict[bytes, Value] = {}
        #: The distinct lengths, ascending.  Replaced, never changed: see `Index.misses`.
        self.lengths: tuple[int, ...] = ()
        self._having: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.values)

    def _insert(self, topic: bytes, value: Value) -> None:
        self.values[topic] = value
        size = len(topic)
        having = self._having.get(size, 0)
        if not having:
            self.lengths = tuple(sorted((*self.lengths, size)))
        self._having[size] = having + 1

    def _delete(self, topic: bytes) -> None:
        del self.values[topic]
        if not self.values:
            self.values = {}  # a dictionary that is emptied one by one keeps its memory
        size = len(topic)
        self._having[size] -= 1
        if not self._having[size]:
            del self._having[size]
            self.lengths = tuple(length for length in self.lengths if length != size)


class Topics(ByTopic[int]):
    """The subscriptions of one subscriber, counted."""

    __slots__ = ("_few",)

    def __init__(self) -> None:
        super().__init__()
        self._few: tuple[bytes, ...] | None = ()

    def add(self, topic: bytes) -> bool:
        """Count a subscription; return whether the topic is new."""
        if topic in self.values:
            self.values[topic] += 1
            return False
        self._insert(topic, 1)
        self._few = tuple(self.values) if len(self.values) <= _FEW else None
        return True

    def remove(self, topic: bytes) -> bool:
        """Take one subscription back; return whether it was the last to its topic."""
        count = self.values.get(topic, 0)
        if count > 1:
            self.values[topic] = count - 1
        if count != 1:
            return False
        self._delete(topic)
        self._few = tuple(self.values) if len(self.values) <= _FEW else None
        return True

    def match(self, frame: bytes) -> bool:
        """Return whether the frame begins with any of the topics."""
        if self._few is not None:
            return frame.startswith(self._few)
        topics = self.values
        return any(frame[:size] in topics for size in self.lengths)
