"""Fair queueing: one whole message from each readable pipe in turn."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zmqthread.options import Options
from zmqthread.patterns.pattern import Pattern
from zmqthread.pipes.pipe import Pipe


class FairQueue:
    """The pipes to read from, in turn.  A pipe found empty leaves until it is activated."""

    __slots__ = ("_active", "_held", "origin", "pipes")

    def __init__(self) -> None:
        self.pipes: dict[Pipe, None] = {}
        self._active: deque[Pipe] = deque()
        self._held: list[Pipe] = []
        #: The pipe that the last message came from.
        self.origin: Pipe | None = None

    def attach(self, pipe: Pipe) -> None:
        """Add a pipe."""
        self.pipes[pipe] = None
        pipe.readable = True
        self._active.append(pipe)

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
            self._rest(pipe)
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


class FairIn(Pattern):
    """The receiving half of a type that takes from all its peers alike."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._in = FairQueue()

    def attach(self, pipe: Pipe) -> None:
        """Add a peer to the round."""
        super().attach(pipe)
        self._in.attach(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Take a peer out of the round."""
        super().detach(pipe)
        self._in.detach(pipe)

    def read_activated(self, pipe: Pipe) -> None:
        """Let a peer that was silent back into the round."""
        self._in.activate(pipe)

    def recv(self) -> Any:
        """Return the next message of the peer whose turn it is."""
        message = self._in.recv()
        self.origin = self._in.origin
        return message

    def can_recv(self) -> bool:
        """Return whether a peer has sent something."""
        return self._in.check()

    def express_in(self) -> deque[Any] | None:
        """With one peer, its queue is ours."""
        return self._in.sole()
