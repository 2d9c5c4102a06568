"""Fair queueing: one whole message from each readable pipe in turn."""

from __future__ import annotations

from collections import deque
from typing import Any

from zmqthread.pipes.pipe import Pipe


class FairQueue:
    """The pipes to read from, in turn.  A pipe found empty leaves until it is activated."""

    __slots__ = ("_active", "origin", "pipes")

    def __init__(self) -> None:
        self.pipes: dict[Pipe, None] = {}
        self._active: deque[Pipe] = deque()
        #: The pipe that the last message came from.
        self.origin: Pipe | None = None

    def attach(self, pipe: Pipe) -> None:
        """Add a pipe."""
        pipe.readable = True
        self._active.append(pipe)
        self.pipes[pipe] = None

    def detach(self, pipe: Pipe) -> None:
        """Remove a pipe with all that is unread in it."""
        if self.pipes.pop(pipe, self) is None and pipe.readable:
            self._active.remove(pipe)
        pipe.readable = False

    def activate(self, pipe: Pipe) -> None:
        """Something may have come into ``pipe``."""
        if not pipe.readable and pipe in self.pipes:
            pipe.readable = True
            self._active.append(pipe)

    def recv(self) -> Any:
        """Return the next message or None; `origin` tells whose it was."""
        active = self._active
        while active:
            pipe = active[0]
            message = pipe.read()
            if message is not None:
                active.rotate(-1)
                self.origin = pipe
                return message
            if active and active[0] is pipe:  # else see `_rest`
                active.popleft()
        return None

    def head(self) -> Pipe | None:
        """Return the pipe whose message comes next: its queue begins with it."""
        active = self._active
        while active:
            pipe = active[0]
            if pipe.check_read():
                return pipe
            self._rest(pipe)
        return None

    def _rest(self, pipe: Pipe) -> None:
        # Reading may have come to the mark at which a pipe whose peer has gone is detached.
        if self._active and self._active[0] is pipe:
            self._active.popleft()

    def check(self) -> bool:
        """Return whether there is a message."""
        return self.head() is not None

    def sole(self) -> deque[Any] | None:
        """Return the queue of the only pipe there is: it can be read without us."""
        if len(self.pipes) == 1:
            return next(iter(self.pipes)).incoming.queue
        return None
