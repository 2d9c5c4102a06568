"""The subscriptions of all peers of a publisher: counted per peer, and forgotten piece by piece."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from zmqthread.patterns.index import Index
from zmqthread.pipes.pipe import Pipe

#: Topics forgotten in one go when a peer leaves: 2 to 4 ms on a slow machine.
SLICE: Final = 1000

#: Takes a pipe, a topic, how often it was subscribed to, and whether nobody is any more.
Left = Callable[[Pipe, bytes, int, bool], None]


class Notes:
    """What a publisher notes on a pipe, in its `state`."""

    __slots__ = ("asked", "topics", "unread")

    def __init__(self) -> None:
        #: How often the peer has subscribed to what (RFC 37: subscriptions add up).
        self.topics: dict[bytes, int] = {}
        #: The same as the peer asked for, where the application decides what it gets.
        self.asked: dict[bytes, int] = {}
        #: Messages of the peer that the application has not read yet.
        self.unread = 0


class Subscriptions:
    """Who gets what.  ``left`` is called for each topic of a peer that leaves."""

    __slots__ = ("_leaving", "_left", "index")

    def __init__(self, left: Left) -> None:
        self.index = Index()
        self._left = left
        self._leaving: deque[tuple[Pipe, dict[bytes, int], Callable[..., None]]] = deque()

    def add(self, pipe: Pipe, topic: bytes) -> bool:
        """Count a subscription; return whether nobody was subscribed to the topic."""
        own = pipe.state.topics
        count = own.get(topic, 0)
        own[topic] = count + 1
        return not count and self.index.add(topic, pipe)

    def remove(self, pipe: Pipe, topic: bytes) -> bool | None:
        """Take a subscription back; return whether nobody is subscribed to the topic any more.

        None if the pipe was not: that changes nothing.
        """
        own = pipe.state.topics
        count = own.get(topic, 0)
        if not count:
            return None
        if count > 1:
            own[topic] = count - 1
            return False
        del own[topic]
        return self.index.remove(topic, pipe)

    def join(self, pipe: Pipe) -> None:
        """Begin with a pipe: nothing must be left of the connection that it had before."""
        while any(leaving is pipe for leaving, _, _ in self._leaving):
            self.forget_some()

    def leave(self, pipe: Pipe) -> None:
        """Forget what a pipe is subscribed to: some of it now, the rest in `forget_some`."""
        topics, pipe.state.topics = pipe.state.topics, {}
        self.later(pipe, topics, self._forget)
        self.forget_some()

    def later(
        self, pipe: Pipe, topics: dict[bytes, int], act: Callable[[Pipe, bytes, int], None]
    ) -> None:
        """Have ``act`` called for each of the topics and its count, in slices."""
        if len(topics) <= SLICE:
            topics = dict(reversed(topics.items()))  # popitem takes the last first
        if topics:
            self._leaving.append((pipe, topics, act))

    def forget_some(self) -> bool:
        """Do a slice of what was put off; return whether more is left."""
        left = SLICE
        while self._leaving and left > 0:
            pipe, topics, act = self._leaving[0]
            count = min(left, len(topics))
            left -= count
            for _ in range(count):
                act(pipe, *topics.popitem())
            if not topics:
                self._leaving.popleft()
        return bool(self._leaving)

    def _forget(self, pipe: Pipe, topic: bytes, count: int) -> None:
        self._left(pipe, topic, count, self.index.remove(topic, pipe))
