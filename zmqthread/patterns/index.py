"""The subscription index of a publisher: which pipes want which topics."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from typing import Any

from zmqthread.patterns.topics import ByTopic
from zmqthread.pipes.pipe import Pipe


class Index(ByTopic[Any]):
    """Which pipes are subscribed to which topics; a pipe at most once to each.

    A topic with one subscriber holds the bare pipe, otherwise an (ordered) dictionary of them: at
    a million topics that is 230 octets each less.
    """

    __slots__ = ()

    def add(self, topic: bytes, pipe: Pipe) -> bool:
        """Subscribe a pipe that is not; return whether it is the first."""
        held = self.values.get(topic)
        if held is None:
            self._insert(topic, pipe)
            return True
        if held.__class__ is dict:
            held[pipe] = None
        else:
            self.values[topic] = {held: None, pipe: None}
        return False

    def remove(self, topic: bytes, pipe: Pipe) -> bool:
        """Take back the subscription of a pipe that has one; return whether it was the last."""
        held = self.values[topic]
        if held is pipe:
            self._delete(topic)
            return True
        del held[pipe]
        if len(held) == 1:
            self.values[topic] = next(iter(held))
        return False

    def misses(self, frame: bytes) -> bool:
        """Return whether nobody wants it.  Needs no lock: it only looks things up, one by one."""
        get = self.values.get
        for length in self.lengths:  # noqa: SIM110 - a generator costs another frame
            if get(frame[:length]) is not None:
                return False
        return True

    def match(self, frame: bytes) -> Collection[Pipe]:
        """Return the pipes that want a message with this first frame; not to be changed."""
        found: Any = None
        lengths, get = self.lengths, self.values.get
        if lengths and len(frame) < lengths[-1]:
            lengths = lengths[: bisect_right(lengths, len(frame))]
        for length in lengths:
            held = get(frame[:length])
            if held is not None:
                found = held if found is None else _set(found) | _set(held)
        if found is None:
            return ()
        return found if found.__class__ is dict else (found,)


def _set(held: Any) -> dict[Pipe, None]:
    return held if held.__class__ is dict else {held: None}
