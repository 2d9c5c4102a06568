"""Load balancing: each message to the next pipe that has room."""

from __future__ import annotations

from typing import Any

from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe


class LoadBalancer:
    """The pipes to write to, in turn.  A full pipe leaves the round until it is activated."""

    # Each pipe knows it: a set of them would have 232 octets in every socket.
    __slots__ = ("_active", "_count", "_next")

    def __init__(self) -> None:
        self._count = 0
        self._active: list[Pipe] = []
        self._next = 0

    def attach(self, pipe: Pipe) -> None:
        """Add a pipe."""
        if pipe.balancer is not self:
            # In this order: an interrupt in between leaves a number too high, which only keeps
            # the short cut of `sole` closed.
            self._count += 1
            pipe.balancer = self
        pipe.writable = True
        self._active.append(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Remove a pipe."""
        if pipe.balancer is not self:
            return
        pipe.balancer = None
        self._count -= 1
        if pipe in self._active:
            self._drop(pipe)

    def activate(self, pipe: Pipe) -> None:
        """Let a pipe that was full take messages again."""
        if pipe.balancer is self and pipe not in self._active:
            pipe.writable = True
            self._active.append(pipe)

    def _drop(self, pipe: Pipe) -> None:
        index = self._active.index(pipe)
        del self._active[index]
        if index < self._next:
            self._next -= 1

    def pick(self) -> Pipe | None:
        """Return the pipe that takes the next message, or None when all are full."""
        active = self._active
        while active:
            if self._next >= len(active):
                self._next = 0
            pipe = active[self._next]
            if pipe.check_write():
                return pipe
            if pipe in active:  # else making room has broken its connection
                self._drop(pipe)
        return None

    def send(self, message: Any, route: Pipe | None = None) -> bool:
        """Write a message to ``route``, or to the pipe whose turn it is; False if all are full."""
        pipe = route or self.pick()
        if pipe is None:
            return False
        if route is None or pipe.balancer is self:
            # The pipe of a multipart was picked at its first frame, and takes the rest even past
            # its mark.  Has it gone since, the message goes with it.
            self._next += 1
            pipe.force(message)
        return True

    def sole(self) -> Lane | None:
        """Return the lane of the only pipe there is, while it has room: it can go without us."""
        if self._count == 1 and self._active:
            return self._active[0].outgoing
        return None
