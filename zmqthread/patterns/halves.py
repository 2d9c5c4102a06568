"""The halves that many socket types are made of: fair-queued in, load-balanced out."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.patterns.fair_queue import FairQueue
from zmqthread.patterns.load_balancer import LoadBalancer
from zmqthread.patterns.pattern import Pattern
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


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


class BalancedOut(Pattern):
    """The sending half of a type that hands each message to one peer in turn."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._out = LoadBalancer()

    def attach(self, pipe: Pipe) -> None:
        """Add a peer to the round."""
        super().attach(pipe)
        self._out.attach(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Take a peer out of the round."""
        super().detach(pipe)
        self._out.detach(pipe)

    def write_activated(self, pipe: Pipe) -> None:
        """Let a peer that was full back into the round."""
        self._out.activate(pipe)

    def send(self, message: Any, route: Any = None) -> bool:
        """Send to the peer whose turn it is."""
        return self._out.send(message, route)

    def begin(self, frame: Any) -> Any:
        """Pick the peer that gets all frames."""
        return self._out.pick()

    def can_send(self) -> bool:
        """Return whether a peer has room."""
        return self._out.pick() is not None

    def express_out(self) -> Lane | None:
        """With one peer, every message goes there."""
        return self._out.sole()
