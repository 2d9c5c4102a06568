"""In-process peers: two pipes that share their lanes, joined through the context's list of names.

Neither side ever takes the other's lock.  What one has to tell the other goes into the other's
mailbox; messages go through the lanes (see `pipes.lane` for why no wake-up is lost).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from zmqthread.constants import EADDRINUSE, Event
from zmqthread.errors import error_about
from zmqthread.pipes.batch import Batch
from zmqthread.pipes.pipe import Pipe
from zmqthread.sessions.ends import NOWHERE, Ends, HasEnds
from zmqthread.sessions.lanes import new_lanes

if TYPE_CHECKING:
    from zmqthread.options import Options

log = logging.getLogger("zmqthread")


class Neighbour(Protocol):
    """A socket, seen from another socket of the same context.  No lock is held for `post`."""

    options: Options

    @property
    def type_name(self) -> str:
        """The socket type, as READY has it."""
        ...

    @property
    def peer_types(self) -> frozenset[str]:
        """The socket types that go with this one."""
        ...

    @property
    def conflate(self) -> tuple[bool, bool]:
        """Whether only the latest message is kept, of those received and of those sent."""
        ...

    def post(self, item: Callable[[], None]) -> None:
        """Have ``item`` called with the socket's lock held."""

    def attach(self, pipe: Pipe) -> None:
        """Hand a pipe to the pattern; lock held."""

    def plugged(self, pipe: Pipe) -> None:
        """The pipe's peer is there; lock held."""

    def ended(self, pipe: Pipe) -> None:
        """The pipe's peer has gone; lock held."""

    def read_activated(self, pipe: Pipe) -> None:
        """Messages have come; lock held."""

    def write_activated(self, pipe: Pipe) -> None:
        """There is room again; lock held."""

    def event(self, event: int, value: int = 0, where: HasEnds = NOWHERE) -> None:
        """Tell the monitor; lock held."""

    def call_later(self, delay: float, function: Callable[[], None]) -> Any:
        """Run ``function`` after ``delay`` seconds, with the lock held."""


class Connecting(Neighbour, Protocol):
    """A socket that connects."""

    def meet(self, peer: Any) -> None:
        """Take note of the socket that has bound the name; lock held."""

    def gone(self, part: Any) -> None:
        """Drop a connect that is over; lock held."""


class InprocEnd:
    """One end of a joined pair: the far end of ``pipe``, which is ``owner``'s."""

    __slots__ = ("_arrival", "_ended", "_marked", "_owner", "_peer", "peer_pipe", "pipe")

    def __init__(self, owner: Neighbour) -> None:
        self._owner = owner
        #: For the peer's mailbox: something has come.
        self._arrival: Callable[[], None]
        self._peer: Neighbour | None = None
        self.pipe: Pipe
        self.peer_pipe: Pipe
        self._marked = False
        self._ended = False

    def join(self, peer: Neighbour, peer_pipe: Pipe) -> None:
        """The other socket is known from now on."""
        self.peer_pipe = peer_pipe
        self._arrival = partial(peer.read_activated, peer_pipe)
        self._peer = peer

    @property
    def joined(self) -> bool:
        """There is somebody at the other end."""
        return self._peer is not None

    def wrote(self, pipe: Pipe) -> None:
        """Wake a reader that has said that it sleeps."""
        lane = pipe.outgoing
        if not lane.open:
            # In this order: if there is no peer yet, it will find the lane as it is when it comes,
            # and close it when it has emptied it.
            lane.open = True
            peer = self._peer
            if peer is not None:
                try:
                    peer.post(self._arrival)
                except BaseException:  # an interrupt: nobody else would tell
                    peer.post(self._arrival)
                    raise

    def make_room(self, pipe: Pipe) -> bool:
        """Ask to be told when the reader has come down to the low-water mark."""
        lane = pipe.outgoing
        if not self._marked:
            self._marked = True
            # Done when the reader comes for the message that takes it down to there.
            lane.mark(self._low_water, 0 if lane.heavy() else lane.low + 1)
        # Marked, now look again: the reader may have taken everything in between.
        return not lane.full()

    def _low_water(self) -> None:
        # In the reader's thread, with the reader's lock: our own state waits for our mailbox.
        self._owner.post(self._drained)

    def _drained(self) -> None:
        self._marked = False
        if not self.pipe.writable and not self.pipe.ended:
            self._owner.write_activated(self.pipe)

    def carry(self, pipe: Pipe, batch: Batch) -> bool:
        """Messages go through the lane."""
        return False

    def starved(self, pipe: Pipe) -> bool:
        """Say that we sleep, then look once more."""
        lane = pipe.incoming
        lane.open = False
        if lane.queue and lane.peek():
            lane.open = True
            return True
        return False

    def resize(self, pipe: Pipe) -> None:
        """A high-water mark has been set anew: the peer's lane to us counts it too."""
        owner, peer = self._owner, self._peer
        if peer is None:
            pipe.outgoing.set_hwm(owner.options.sndhwm)
        else:
            peer_pipe = self.peer_pipe
            _set_mark(pipe, owner, peer)
            peer.post(lambda: _set_mark(peer_pipe, peer, owner))

    def drop(self, pipe: Pipe) -> None:
        """Cut the connection."""
        self.end(pipe, 0)
        self._owner.ended(pipe)

    def end(self, pipe: Pipe, linger: float | None) -> None:
        """Tell the peer that nothing more will come or be read."""
        peer = self._peer
        if peer is not None and not self._ended:
            self._ended = True
            peer_pipe = self.peer_pipe
            peer.post(lambda: peer.ended(peer_pipe))


def _sum(one: int, other: int) -> int:
    """Return the high-water mark of two ends; 0 (no limit) on either side is no limit."""
    return one + other if one and other else 0


def _set_mark(pipe: Pipe, writer: Neighbour, reader: Neighbour) -> None:
    """Give what ``writer`` writes the room of both ends; lock of ``writer`` held."""
    pipe.outgoing.set_hwm(_sum(writer.options.sndhwm, reader.options.rcvhwm))


def _plug(socket: Neighbour, pipe: Pipe, peer: Neighbour, *, new: bool) -> None:
    """Finish one end of a joined pair; lock of ``socket`` held."""
    _set_mark(pipe, socket, peer)
    pipe.introduce({"Identity": peer.options.routing_id})
    pipe.plugged = True
    if new:
        socket.attach(pipe)
    elif not pipe.writable and not pipe.ended and not pipe.outgoing.full():
        socket.write_activated(pipe)
    socket.plugged(pipe)


def link(end: InprocEnd, owner: Neighbour, binder: Neighbour) -> None:
    """Make the other end of ``end``, which is ``owner``'s, and give it to ``binder``."""
    pipe = end.pipe
    peer_end = InprocEnd(binder)
    peer_pipe = peer_end.pipe = Pipe(pipe.outgoing, pipe.incoming, peer_end, pipe.endpoint)
    peer_end.join(owner, pipe)
    end.join(binder, peer_pipe)
    binder.post(lambda: _plug(binder, peer_pipe, owner, new=True))


class Waiting:
    """A connect: joined at once, or pending until somebody binds the name."""

    def __init__(
        self,
        owner: Connecting,
        name: str,
        endpoint: str,
        names: Names,
    ) -> None:
        self.owner = owner
        self.name = name
        self.session = None
        self._names = names
        self._closing = False
        self._refused = False
        self._linger: Any = None
        self._end = InprocEnd(owner)
        back, there = new_lanes(owner.options, owner.conflate)
        self.pipe = self._end.pipe = Pipe(back, there, self._end, endpoint)

    def __str__(self) -> str:
        return f"{self.pipe.endpoint}: {len(self.pipe.outgoing)} messages for nobody yet"

    def close(self, linger: float | None) -> None:
        """Leave; messages for a name that nobody has bound yet may wait ``linger`` seconds."""
        self._closing = True
        if linger == 0 or not len(self.pipe.outgoing) or not self._names.waits(self):
            self._finish()
        elif linger is not None and self._linger is None:
            self._linger = self.owner.call_later(linger, self._finish)

    def forget(self) -> None:
        """In a forked child: there is nothing to close."""

    def _finish(self) -> None:
        if self._names.withdraw(self) or self._end.joined or self._refused:
            if self._linger is not None:
                self._linger.cancel()
            self._end.end(self.pipe, 0)
            self.owner.gone(self)
        # else a binder is about to join us, and _joined or _not_joined comes back here

    def give_up(self) -> None:
        """Nobody is going to join us: the connect was interrupted."""
        self._refused = True

    def _not_joined(self) -> None:
        """Whoever bound the name is none for us; lock of the owner held."""
        self._refused = True
        if self._closing:
            self._finish()

    def _joined(self, binder: Neighbour) -> None:
        """The other end is there; lock of the owner held."""
        if self._closing:
            self._finish()
        else:
            _plug(self.owner, self.pipe, binder, new=False)
            # Not the binder as well: each would ask the other.
            self.owner.meet(binder)

    def join(self, binder: Neighbour) -> bool:
        """Make the other end; from the thread of the binder or of the connecter, without a lock.

        Returns False, and joins nothing, if the types do not go together.
        """
        owner = self.owner
        if owner.type_name not in binder.peer_types or binder.type_name not in owner.peer_types:
            self._mismatch(binder)
            return False
        link(self._end, owner, binder)
        owner.post(lambda: self._joined(binder))
        return True

    def _mismatch(self, binder: Neighbour) -> None:
        names = f"{self.owner.type_name} and {binder.type_name}"
        endpoint = self.pipe.endpoint
        log.warning("%s: a %s do not go together, nothing will flow", endpoint, names)
        self.owner.post(self._not_joined)
        for socket in (self.owner, binder):
            socket.post(
                lambda socket=socket: socket.event(  # type: ignore[misc]
                    Event.HANDSHAKE_FAILED_PROTOCOL,
                    Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA,
                    Ends(endpoint, endpoint),
                )
            )


class Names:
    """The in-process endpoints of one context.

    Its lock is a leaf: nothing else is called while it is held, so sockets' locks may be.
    """

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._bound: dict[str, Neighbour] = {}
        self._waiting: dict[str, list[Waiting]] = {}

    def bind(self, name: str, socket: Neighbour) -> list[Waiting]:
        """Take a name; return those who wait for it.  EADDRINUSE if it is taken."""
        with self._lock:
            if name in self._bound:
                raise error_about(EADDRINUSE, addr=f"inproc://{name}")
            self._bound[name] = socket
            return self._waiting.pop(name, [])

    def unbind(self, name: str) -> None:
        """Give a name up; pipes that are joined stay."""
        with self._lock:
            del self._bound[name]

    def connect(self, waiting: Waiting) -> Neighbour | None:
        """Return who has bound the name, or None: then ``waiting`` waits for somebody."""
        with self._lock:
            binder = self._bound.get(waiting.name)
            if binder is None:
                self._waiting.setdefault(waiting.name, []).append(waiting)
            return binder

    def find(self, name: str) -> Neighbour | None:
        """Return who has bound the name, if anybody."""
        with self._lock:
            return self._bound.get(name)

    def waits(self, waiting: Waiting) -> bool:
        """Return whether nobody has bound the name yet."""
        with self._lock:
            return waiting in self._waiting.get(waiting.name, ())

    def withdraw(self, waiting: Waiting) -> bool:
        """Wait no longer; False if it is too late, and a binder has it."""
        with self._lock:
            among = self._waiting.get(waiting.name, [])
            if waiting not in among:
                return False
            among.remove(waiting)
            if not among:
                del self._waiting[waiting.name]
            return True
