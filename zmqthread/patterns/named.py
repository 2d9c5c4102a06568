"""Peers with names: the table of them, and receiving with the name of the sender."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from zmqthread.constants import EINVAL
from zmqthread.errors import error_about
from zmqthread.patterns.fair_queue import FairQueue
from zmqthread.patterns.pattern import Pattern
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class Named(Pattern):
    """The names of peers, and what is read from them.

    In ``pipe.state`` is the name that the table has for a pipe, in ``pipe.routing_id`` the one
    that goes before messages read from it: messages of a peer that was replaced at a reconnection
    may still be unread.
    """

    #: Streams of octets: messages are a name and a chunk, and an empty chunk closes.
    raw = False

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._in = FairQueue()
        self._peers: dict[bytes, Pipe] = {}
        self._next_id = rng.getrandbits(32)

    def notices(self) -> int:
        """Return of what an empty message tells: 1 of a peer that comes, 2 of one that goes."""
        return 3 * self.options.stream_notify

    # -- names -----------------------------------------------------------------------------------

    def new_id(self) -> bytes:
        """Make a name for a peer that has none: a zero, which no peer's own name begins with."""
        while True:
            name = b"\0" + self._next_id.to_bytes(4, "big")
            self._next_id = (self._next_id + 1) & 0xFFFFFFFF
            if name not in self._peers:
                return name

    def check_name(self, name: bytes) -> None:
        if name in self._peers:
            raise error_about(EINVAL, connect_routing_id=name)

    def enter(self, pipe: Pipe, name: bytes) -> None:
        """Give a pipe a free name; from now on it is written to and read from."""
        pipe.state = pipe.routing_id = name
        self._peers[name] = pipe
        self._in.attach(pipe)

    def leave(self, pipe: Pipe) -> None:
        """Take the name away from a pipe: nothing more is sent to it."""
        if self._peers.get(pipe.state) is pipe:
            del self._peers[pipe.state]
        pipe.state = None

    # -- pipes come and go -------------------------------------------------------------------------

    def detach(self, pipe: Pipe) -> None:
        self.leave(pipe)
        self._in.detach(pipe)

    def plugged(self, pipe: Pipe) -> None:
        if self.notices() & 1:
            self._tell(pipe)

    def unplugged(self, pipe: Pipe) -> None:
        if self.notices() & 2:
            self._tell(pipe)

    def ended(self, pipe: Pipe) -> None:
        """Free the name at once: the peer may be back before all it sent is read."""
        self.leave(pipe)
        self.unplugged(pipe)

    def _tell(self, pipe: Pipe) -> None:
        if pipe in self._in.pipes:
            pipe.incoming.put(b"")
            self._in.activate(pipe)

    def read_activated(self, pipe: Pipe) -> None:
        self._in.activate(pipe)

    # -- messages --------------------------------------------------------------------------------

    def recv(self) -> Any:
        """Return the next message with its sender's name before it."""
        message = self._in.recv()
        if message is None:
            return None
        self.origin = pipe = self._in.origin
        assert pipe is not None
        if message.__class__ is tuple:
            return (pipe.routing_id, *message)
        return (pipe.routing_id, message)

    def can_recv(self) -> bool:
        return self._in.check()
