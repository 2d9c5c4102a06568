"""A pipe: one socket's end of the connection to one peer, whether that is wired or in-process.

Everything here runs with the lock of the pipe's own socket held.  What is at the far end (a
session, a connecter that is still dialling, another socket's pipe) is met through `FarEnd`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from zmqthread.pipes.batch import Batch
from zmqthread.pipes.lane import GATHER, SMALL, Lane, Mark

_NONE_YET: Mapping[str, Any] = {}


class Flushable(Protocol):
    """Something that lets messages gather."""

    def flush(self) -> None:
        """Write what is queued, as far as the stream takes it."""


class FarEnd(Protocol):
    """What stands at the other end of a pipe, seen from the pipe's socket."""

    def wrote(self, pipe: Pipe) -> None:
        """Take note of a message in ``pipe.outgoing``: told when nobody is bound to look there."""

    def make_room(self, pipe: Pipe) -> bool:
        """Drain a full ``pipe.outgoing`` if that is possible at once, else have it reactivated."""
        ...

    def carry(self, pipe: Pipe, batch: Batch) -> bool:
        """Write a batch at once, past ``pipe.outgoing``, if nothing is in its way."""
        ...

    def starved(self, pipe: Pipe) -> bool:
        """Bring more into an empty ``pipe.incoming``; return whether anything came."""
        ...

    def resize(self, pipe: Pipe) -> None:
        """Set the high-water marks anew from the options."""

    def drop(self, pipe: Pipe) -> None:
        """Cut the connection at the pattern's wish."""

    def end(self, pipe: Pipe, linger: float | None) -> None:
        """Let the pipe's socket go: send what is queued for up to ``linger`` s, then close."""


class Pipe:
    """Two lanes and what is known of the peer."""

    __slots__ = (
        "__weakref__",
        "_address",
        "_descriptor",
        "_properties",
        "balancer",
        "dropped",
        "ended",
        "endpoint",
        "far",
        "incoming",
        "outgoing",
        "plugged",
        "properties",
        "readable",
        "reading",
        "routing_id",
        "state",
        "takes_all",
        "writable",
    )

    def __init__(self, incoming: Lane, outgoing: Lane, far: FarEnd, endpoint: str = "") -> None:
        self.incoming = incoming
        self.outgoing = outgoing
        outgoing.writer = self
        self.far = far
        self.endpoint = endpoint
        #: The name a ROUTER has for the peer.
        self.routing_id = b""
        #: What the peer told of itself, see `introduce`.
        self.properties: Mapping[str, Any] = _NONE_YET
        self._address = ""
        self._descriptor = -1
        self._properties: dict[str, Any] | None = None
        #: A peer is really there: subscriptions are worth sending.
        self.plugged = False
        #: The peer has gone for good: what came in can still be read, nothing can be written.
        self.ended = False
        #: On the pattern's list of pipes to read from / to write to.
        self.readable = True
        self.writable = True
        #: Somebody reads to the end: what reading lets in is for the same loop, not for another
        #: one within it, which would go deeper with each lane that the peer can fill.
        self.reading = False
        #: The far end gets every group, as it has no way to join one (RADIO over udp).
        self.takes_all = False
        #: The load balancer that has it in its round, if any.
        self.balancer: Any = None
        #: The pattern's own notes on this pipe (subscriptions, groups ...).
        self.state: Any = None
        self.dropped = 0

    def introduce(
        self, properties: Mapping[str, Any], address: str = "", descriptor: int = -1
    ) -> None:
        """Keep who the peer is now.

        Args:
            properties: what it told of itself ("Socket-Type", "Identity" ...).
            address: where it is, if that is known.
            descriptor: of the stream to it, if there is one.
        """
        self.properties = properties
        self._address = address
        self._descriptor = descriptor
        self._properties = None

    @property
    def peer_properties(self) -> dict[str, Any]:
        """What messages tell of the peer: put together when somebody asks, as few do."""
        found = self._properties
        if found is None:
            found = self._properties = dict(self.properties)
            if self._address:
                found["Peer-Address"] = self._address
            if self._descriptor >= 0:
                found["__fd"] = str(self._descriptor)  # behind SRCFD
        return found

    def write(self, message: Any) -> bool:
        """Queue a whole message; False when the high-water mark has been reached.

        A pipe once full stays so until the reader has taken it down to the low-water mark.
        """
        lane = self.outgoing
        # Below `gather`, and with nothing large in it, a lane is not `full`, and need not be asked.
        may_be_full = len(lane.queue) >= lane.gather or lane.bytes_in != lane.bytes_out
        if not self.writable or (may_be_full and lane.full() and not self._make_room()):
            return False
        self.force(message)
        return True

    def _make_room(self) -> bool:
        # The connection may break over it, which leaves a lane that is empty and of no use.
        self.writable = self.far.make_room(self) and not self.ended
        return self.writable

    def force(self, message: Any) -> None:
        """Queue a message whatever the high-water mark says (commands, the end of a multipart)."""
        lane = self.outgoing
        lane.queue.append(message)
        if message.__class__ is bytes:
            size = len(message)
        elif message.__class__ is tuple:
            size = sum(map(len, message))
        else:
            size = weight(message)
            if not size:
                lane.commands = True
        if size > SMALL:
            lane.weigh(size)
            if lane.bytes_in - lane.bytes_out >= GATHER:
                self.far.wrote(self)
                return
        if not lane.open or len(lane.queue) >= lane.gather:
            self.far.wrote(self)

    def check_write(self) -> bool:
        """Return whether `write` would take a message now."""
        return self.writable and (not self.outgoing.full() or self._make_room())

    def read(self) -> Any:
        """Return the next message, or None: then the pipe is passive until it is activated."""
        queue = self.incoming.queue
        if queue:
            try:
                message = queue.popleft()
            except IndexError:  # another thread was faster
                message = None
            if message.__class__ is Mark:
                message.taken()
                message = self.incoming.take()
            if message is not None:
                return message
        # Another thread may take without the lock what has just been found: only a far end that has
        # found nothing will tell us of more.
        message = None
        while message is None and self.far.starved(self):
            message = self.incoming.take()
        self.readable = message is not None
        return message

    def check_read(self) -> bool:
        """Return whether `read` would return a message now."""
        lane = self.incoming
        found = lane.peek()
        while not found and self.far.starved(self):
            found = lane.peek()  # not there any more? See `read`.
        self.readable = found
        return found


def weight(message: Any) -> int:
    """Return the octets of a message of one or several frames; commands weigh nothing."""
    if isinstance(message, tuple):
        return sum(map(len, message))
    try:
        return len(message)
    except TypeError:
        return 0
