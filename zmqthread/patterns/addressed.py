"""Peers with names: the first frame of a message says which of them it is from or for."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from zmqthread.constants import EHOSTUNREACH, EINVAL, PollEvent
from zmqthread.errors import error_about, zmq_error
from zmqthread.patterns.fair_queue import FairQueue
from zmqthread.patterns.pattern import Pattern
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options

#: The route of a message that `begin` could take only to drop it.
_NOBODY: Final = object()


class Addressed(Pattern):
    """What ROUTER and STREAM share: the table of names, and sending by name.

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

    def must_deliver(self) -> bool:
        """Return whether a message that cannot go to its peer is an error, or waits."""
        return True

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

    def peer_state(self, name: bytes) -> int:
        """Return POLLOUT if the peer has room, else 0; EHOSTUNREACH if there is no such peer."""
        pipe = self._peers.get(name)
        if pipe is None:
            raise error_about(EHOSTUNREACH, routing_id=name)
        return PollEvent.POLLOUT if pipe.check_write() else 0

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

    def begin(self, frame: Any) -> Any:
        """Look for the peer; one that is not there or full is an error, a wait, or a drop."""
        pipe = self._find(bytes(frame))
        if pipe is None:
            return _NOBODY
        if pipe.check_write():
            return pipe
        return None if self.must_deliver() else _NOBODY

    def send(self, message: Any, route: Any = None) -> bool:
        """Send to the peer that the first frame names."""
        if message.__class__ is not tuple or (self.raw and len(message) != 2):
            return self._misshapen(message)
        pipe = self._peers.get(message[0])
        if pipe is None or route is not None or self.raw:
            return self._send_with_care(message, route)
        if pipe.write(message[1] if len(message) == 2 else message[1:]):
            return True
        return self._full(pipe)

    def _send_with_care(self, message: Any, route: Any) -> bool:
        name = bytes(message[0])
        body = message[1] if len(message) == 2 else message[1:]
        pipe = self._peers.get(name) if route is not None else self._find(name)
        if pipe is None or (route is not None and pipe is not route):
            return self._drop(pipe)
        if self.raw and not body:
            self.detach(pipe)
            self.drop_pipe(pipe)
            return True
        if route is None:
            return pipe.write(body) or self._full(pipe)
        pipe.force(body)
        return True

    def _find(self, name: bytes) -> Pipe | None:
        pipe = self._peers.get(name)
        if pipe is None and self.must_deliver():
            raise error_about(EHOSTUNREACH, routing_id=name)
        return pipe

    def _misshapen(self, message: Any) -> bool:
        if self.raw:
            raise zmq_error(EINVAL, "a message is a routing id and one more frame")
        return self._drop(None)  # a name alone: libzmq takes it and does nothing

    def _full(self, pipe: Pipe) -> bool:
        return not self.must_deliver() and self._drop(pipe)

    def _drop(self, pipe: Pipe | None) -> bool:
        self.dropped += 1
        if pipe is not None:
            pipe.dropped += 1
        return True
