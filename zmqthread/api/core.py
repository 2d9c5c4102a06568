"""A socket's engine: its pattern, its pipes and what it owes to the threads that use it.

The faces (the pyzmq-shaped `Socket`, the flat API) hold one of these each, and several faces may
share one.  Methods without "lock held" in their docstring take the lock themselves.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.api.driving import Driven
from zmqthread.api.endpoints import Endpoints
from zmqthread.constants import EAGAIN, ENOTSOCK, ETERM
from zmqthread.errors import zmq_error
from zmqthread.pipes.lane import Lane, Mark
from zmqthread.pipes.pipe import Pipe
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqthread.api.context import Engine
    from zmqthread.patterns.registry import Row

_SCRATCH = 1 << 16


class Core(Driven):
    """One socket."""

    def __init__(self, engine: Engine, row: Row, options: Any) -> None:
        loop, keeper = engine.choose_loop(0)
        super().__init__(engine.seams, loop, keeper)
        self.engine = engine
        self.row = row
        self.options = options
        self.type_name = row.name
        self.peer_types = row.peers
        self.takes_subscriptions = row.takes_subscriptions
        self.pattern = row.pattern(options, engine.seams.random)
        self.pipes: dict[Pipe, None] = {}
        self.endpoints = Endpoints(self)
        self.scratch = memoryview(bytearray(_SCRATCH))
        #: Why the socket can no longer be used, an errno; 0 while it can.
        self.fault = 0
        self.closing = False
        #: The lane that small messages may be put in without asking (see `settle`), or None.
        self.express: Lane | None = None
        #: Messages that may be taken without asking.
        self.ready: deque[Any] = deque()
        self._no_ready: deque[Any] = self.ready
        #: Frames still to come of messages that a thread has begun to send or to receive.
        self.sending: dict[int, tuple[Any, list[Any]]] = {}
        self.receiving: dict[int, deque[Any]] = {}
        self._handshakes: dict[Any, None] = {}
        self._join_loop()

    # -- sending -----------------------------------------------------------------------------------

    def settle(self, lane: Lane) -> None:
        """A small message was put in `express` while nobody was bound to look there."""
        with self.lock:
            pipe = lane.writer
            if not lane.open:
                pipe.far.wrote(pipe)
            if self.fault and lane.queue:
                self.raise_fault()

    def send(self, message: Any, dontwait: bool = False, route: Any = None) -> None:
        """Send a whole message."""
        with self.lock:
            self.enter()
            if not self.pattern.send(message, route):
                self._wait_for(lambda: self.pattern.send(message, route), WRITE, dontwait)

    def send_frame(self, frame: Any, dontwait: bool, more: bool) -> None:
        """Send one frame; the frames of a message gather in the thread that sends them."""
        me = self.seams.get_ident()
        begun = self.sending.get(me)
        if begun is None:
            if not more:
                self.send(frame, dontwait)
                return
            with self.lock:
                self.enter()
                route = self.pattern.begin(frame)
                if route is None:
                    route = self._wait_for(lambda: self.pattern.begin(frame), WRITE, dontwait)
                self.sending[me] = (route, [frame])
                self.refresh()
            return
        route, frames = begun
        frames.append(frame)
        if not more:
            del self.sending[me]
            with self.lock:
                self.enter()
                self.refresh()
                self.pattern.send(tuple(frames), route)

    # -- receiving -----------------------------------------------------------------------------------

    def recv(self, dontwait: bool = False) -> Any:
        """Return the next whole message."""
        with self.lock:
            self.enter()
            message = self.pattern.recv()
            if message is None:
                message = self._wait_for(self.pattern.recv, READ, dontwait)
            return message

    def take(self, message: Any) -> Any:
        """Return the message for something found in `ready`: that may have been a mark."""
        if message.__class__ is not Mark:
            return message
        with self.lock:
            for pipe in self.pipes:
                if pipe.incoming.queue is self.ready:
                    pipe.incoming.marks_out += 1
            message.act()
        return None

    # -- waiting ---------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Begin an operation: lock held."""
        if self.fault:
            self.raise_fault()
        if self._mailbox:
            self.empty_mailbox()

    def _wait_for(self, attempt: Callable[[], Any], interest: int, dontwait: bool) -> Any:
        """Repeat ``attempt`` until it gives something, as long as the options allow; lock held."""
        options = self.options
        timeout = options.rcvtimeo if interest == READ else options.sndtimeo
        if dontwait or timeout == 0:
            self.glance()
            result = attempt()
            if not result and result != b"":
                raise zmq_error(EAGAIN)
            return result
        deadline = None if timeout < 0 else self.seams.monotonic() + timeout / 1000
        try:
            while True:
                if not self.wait(interest, deadline):
                    raise zmq_error(EAGAIN)
                self.enter()
                result = attempt()
                if result or result == b"":
                    return result
        finally:
            self.leave()

    def leave(self) -> None:
        """See `Driven.leave`; a socket that was closed meanwhile goes now."""
        super().leave()
        self.release_if_done()

    def readiness(self) -> int:
        """Return what would not have to wait; lock held."""
        if self.fault:
            return READ | WRITE
        return (READ if self.pattern.can_recv() else 0) | (WRITE if self.pattern.can_send() else 0)

    def raise_fault(self) -> None:
        """Say why the socket cannot be used."""
        raise zmq_error(self.fault)

    # -- what sessions ask of their socket (`sessions.host.Host`), lock held ------------------------------

    def attach(self, pipe: Pipe) -> None:
        """Hand a new pipe to the pattern."""
        self.pipes[pipe] = None
        self.pattern.attach(pipe)
        self.refresh()

    def detach(self, pipe: Pipe) -> None:
        """Take a pipe away from the pattern, unread messages and all."""
        if self.pipes.pop(pipe, self) is None:
            pipe.ended = True
            pipe.writable = False
            self.pattern.detach(pipe)
            pipe.outgoing.open = False
            self.refresh()

    def ended(self, pipe: Pipe) -> None:
        """The peer has gone for good; the pipe goes once it has been read to its end."""
        if pipe not in self.pipes:
            return
        pipe.ended = True
        pipe.writable = False
        pipe.dropped += pipe.outgoing.clear()
        if pipe.incoming.peek():
            pipe.incoming.mark(lambda: self.detach(pipe))
            self.refresh()
        else:
            self.detach(pipe)

    def plugged(self, pipe: Pipe) -> None:
        """A peer is there now (again)."""
        self.pattern.plugged(pipe)
        self.refresh()

    def unplugged(self, pipe: Pipe) -> None:
        """The peer of a pipe that stays has gone."""
        self.pattern.unplugged(pipe)

    def read_activated(self, pipe: Pipe) -> None:
        """Messages have come into an empty pipe."""
        self.pattern.read_activated(pipe)

    def write_activated(self, pipe: Pipe) -> None:
        """A full pipe has room again."""
        pipe.writable = True
        self.pattern.write_activated(pipe)
        self.refresh()

    def handshake_began(self, session: Any) -> None:
        """Count a handshake in progress; past the limit the oldest is dropped."""
        self._handshakes[session] = None

    def resolve(self, transport: Any, endpoint: Any, done: Callable[[Any], None]) -> None:
        """Look a host name up elsewhere."""
        self.engine.resolve(transport, endpoint, self.options, lambda r: self.post(lambda: done(r)))

    def event(self, event: int, value: int = 0, local: str = "", remote: str = "") -> None:
        """Tell the monitor."""

    def refresh(self) -> None:
        """Find out anew which short cuts are open; lock held."""
        if self.fault or self.sending:
            self.express = None
        else:
            self.express = self.pattern.express_out()
        queue = None if self.fault else self.pattern.express_in()
        self.ready = self._no_ready if queue is None else queue

    # -- the end -------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """The context is being terminated: every call from now on fails with ETERM."""
        with self.lock:
            if not self.fault:
                self.fault = ETERM
                self.refresh()
                self.ring_all()

    def close(self, linger: int | None = None) -> None:
        """Close: nobody can use the socket any more, what is queued goes out in the background."""
        with self.lock:
            if self.closing:
                return
            self.closing = True
            self.fault = ENOTSOCK
            self.refresh()
            if linger is not None:
                self.options.linger = linger
            self.flush_scheduled()
            seconds = None if self.options.linger < 0 else self.options.linger / 1000
            for pipe in list(self.pipes):
                self.detach(pipe)
            self.endpoints.close_all(seconds)
            self.ring_all()
            self.release_if_done()

    def release_if_done(self) -> None:
        """Give the descriptors back once the last session has ended; lock held."""
        if self.closing and not self.released and not self.driven and not self.endpoints.parts:
            self.release()
            self.engine.closed(self)
