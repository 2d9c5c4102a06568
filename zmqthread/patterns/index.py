"""The subscription index of a publisher: which pipes want which topics."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from typing import Any

from zmqthread.patterns.topics import ByTopic, head_of
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

    def sort(self, messages: list[Any]) -> list[tuple[Collection[Pipe], list[Any]]]:
        """Return who wants which of some messages, neighbours with the same readers together."""
        if not self.lengths:
            return []
        if len(self.lengths) > 1 or {*map(type, messages)} != {bytes}:
            most = self.lengths[-1]
            found = [self._held(head_of(message, most)) for message in messages]
        elif self.lengths[0]:
            size, get = self.lengths[0], self.values.get
            found = [get(message[:size]) for message in messages]
        else:
            return [(_pipes(self.values[b""]), messages)]
        runs: list[tuple[Collection[Pipe], list[Any]]] = []
        if not any(found):  # of all that nobody wants the loop is a tenth
            return runs
        run: list[Any] = []
        last: Any = None
        for held, message in zip(found, messages, strict=True):
            if held is None:
                continue
            if held is not last:
                last, run = held, []
                runs.append((_pipes(held), run))
            run.append(message)
        return runs

    def match(self, frame: bytes) -> Collection[Pipe]:
        """Return the pipes that want a message with this first frame; not to be changed."""
        found = self._held(frame)
        return () if found is None else _pipes(found)

    def _held(self, frame: bytes) -> Any:
        """Return what is held for the topics of a frame: a pipe, several, or None."""
        found: Any = None
        lengths, get = self.lengths, self.values.get
        if lengths and len(frame) < lengths[-1]:
            lengths = lengths[: bisect_right(lengths, len(frame))]
        for length in lengths:
            held = get(frame[:length])
            if held is not None:
                found = held if found is None else _set(found) | _set(held)
        return found


def _pipes(held: Any) -> Collection[Pipe]:
    return held if held.__class__ is dict else (held,)


def _set(held: Any) -> dict[Pipe, None]:
    return held if held.__class__ is dict else {held: None}
