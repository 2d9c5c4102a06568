"""Fair queueing: one whole message from each readable pipe in turn."""

from __future__ import annotations

from collections import deque
from typing import Any

from zmqthread.pipes.pipe import Pipe


class FairQueue:
    """The pipes to read from, in turn.  A pipe found empty leaves until it is activated."""

    # A list, and where the round stands in it: an empty deque has 760 octets, in every socket.
    __slots__ = ("_active", "_next", "origin", "pipes")

    def __init__(self) -> None:
        self.pipes: dict[Pipe, None] = {}
        self._active: list[Pipe] = []
        self._next = 0
        #: The pipe that the last message came from.
        self.origin: Pipe | None = None

    def attach(self, pipe: Pipe) -> None:
        """Add a pipe."""
        self._join(pipe)
        self.pipes[pipe] = None

    def detach(self, pipe: Pipe) -> None:
        """Remove a pipe with all that is unread in it."""
        if self.pipes.pop(pipe, self) is None and pipe.readable:
            self._leave(self._active.index(pipe))
        pipe.readable = False

    def activate(self, pipe: Pipe) -> None:
        """Something may have come into ``pipe``."""
        if not pipe.readable and pipe in self.pipes:
            self._join(pipe)

    def _join(self, pipe: Pipe) -> None:
        """Let a pipe into the round, as the last of it."""
        pipe.readable = True
        if self._next:
            self._active.insert(self._next, pipe)
            self._next += 1
        else:
            self._active.append(pipe)

    def _leave(self, index: int) -> None:
        del self._active[index]
        if index < self._next:
            self._next -= 1
        elif self._next == len(self._active):
            self._next = 0

    def recv(self) -> Any:
        """Return the next message or None; `origin` tells whose it was."""
        active = self._active
        while active:
            pipe = active[self._next]
            message = pipe.read()
            if message is not None:
                self._next += 1
                if self._next >= len(active):
                    self._next = 0
                self.origin = pipe
                return message
            self._rest(pipe)
        return None

    def head(self) -> Pipe | None:
        """Return the pipe whose message comes next: its queue begins with it."""
        active = self._active
        while active:
            pipe = active[self._next]
            if pipe.check_read():
                return pipe
            self._rest(pipe)
        return None

    def _rest(self, pipe: Pipe) -> None:
        # Reading may have come to the mark at which a pipe whose peer has gone is detached.
        if self._active and self._active[self._next] is pipe:
            self._leave(self._next)

    def check(self) -> bool:
        """Return whether there is a message."""
        return self.head() is not None

    def sole(self) -> deque[Any] | None:
        """Return the queue of the only pipe there is: it can be read without us."""
        if len(self.pipes) == 1:
            return next(iter(self.pipes)).incoming.queue
        return None
