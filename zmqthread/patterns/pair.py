"""PAIR: both ways with one peer at a time (RFC 31)."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.patterns.pattern import Pattern
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class Pair(Pattern):
    """Sends to and receives from its peer.  While there is one, another is turned away."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._peer: Pipe | None = None
        #: Former peers with messages that can still be read.
        self._former: deque[Pipe] = deque()

    # -- pipes come and go -------------------------------------------------------------------------

    def attach(self, pipe: Pipe) -> None:
        """Take the peer, or refuse another one (E01)."""
        if self._peer is None:
            self._peer = pipe
        else:
            self.owner.drop_pipe(pipe)

    def ended(self, pipe: Pipe) -> None:
        """Make place for the next peer; what this one has sent is still read, and first."""
        if pipe is self._peer:
            self._peer = None
            self._former.append(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Let the peer go."""
        if pipe is self._peer:
            self._peer = None
        elif pipe in self._former:
            self._former.remove(pipe)

    # -- messages ----------------------------------------------------------------------------------

    def send(self, message: Any, route: Any = None) -> bool:
        """Send to the peer."""
        peer = self._peer
        if route is None:
            return peer is not None and peer.write(message)
        if route is peer and peer is not None:
            peer.force(message)  # else it has gone since the first frame, and the message with it
        return True

    def begin(self, frame: Any) -> Pipe | None:
        """Hold on to the peer that gets all frames."""
        return self._peer if self.can_send() else None

    def can_send(self) -> bool:
        """Return whether there is a peer with room."""
        return self._peer is not None and self._peer.check_write()

    def recv(self) -> Any:
        """Return the next message of the peer."""
        for pipe in (*self._former, self._peer):
            if pipe is not None and (message := pipe.read()) is not None:
                self.origin = pipe
                return message
        return None

    def can_recv(self) -> bool:
        """Return whether the peer has sent something."""
        return any(pipe is not None and pipe.check_read() for pipe in (*self._former, self._peer))

    # -- short cuts --------------------------------------------------------------------------------

    def express_out(self) -> Lane | None:
        """Every message goes to the peer."""
        peer = self._peer
        return peer.outgoing if peer is not None and peer.writable else None

    def express_in(self) -> deque[Any] | None:
        """Every message comes from the peer."""
        return None if self._peer is None or self._former else self._peer.incoming.queue
