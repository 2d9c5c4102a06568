"""What a socket is to its sessions (`sessions.host.Host`): pipes come, go and tell of changes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.api.driving import Driven
from zmqthread.patterns.registry import ROWS
from zmqthread.reactor.selector import WRITE
from zmqthread.sessions.ends import NOWHERE, HasEnds
from zmqthread.sessions.writing import BURST

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqthread.api.engine import Engine
    from zmqthread.api.monitor import Monitor
    from zmqthread.constants import SocketType
    from zmqthread.options import Options
    from zmqthread.pipes.lane import Lane
    from zmqthread.pipes.pipe import Flushable, Pipe
    from zmqthread.sessions.inproc import Names

#: Seconds that a handshake has at least, once READY has gone out: a busy peer finds that before it
#: finds the end of the connection, and then sends what nobody will read. Who can come so far can
#: come to the end as well, so being quicker would keep nobody out.
GRACE = 5.0
#: Never anything but empty.
_NONE_READY: deque[Any] = deque()


class Hosting(Driven):
    """A socket, seen from below.  All methods are called with the lock held."""

    dropped_handshakes = 0

    def __init__(self, engine: Engine, kind: SocketType, options: Options) -> None:
        loop, keeper = engine.choose_loop(options.affinity)
        super().__init__(engine.seams, loop, keeper)
        row = ROWS[kind]
        self.engine = engine
        self.kind = kind
        self.options = options
        self.row = row
        self.single_frame = row.single_frame and not row.grouped
        self.pattern = row.pattern(options, engine.seams.random)
        self.pattern.owner = self
        self.pipes: dict[Pipe, None] = {}
        self.monitor: Monitor | None = None
        #: Why the socket can no longer be used, an errno; 0 while it can.
        self.fault = 0
        self.closing = False
        #: The lane that small messages may be put in without asking (see `settle`), or None.
        self.express: Lane | None = None
        #: Messages that may be taken without asking (see `take`).
        self.ready = _NONE_READY
        #: Messages that a thread has begun to send or receive: the route and the frames so far,
        #: and the frames still to come.
        self.sending: dict[int, tuple[Any, list[Any]]] = {}
        self.receiving: dict[int, tuple[deque[Any], dict[str, Any]]] = {}
        #: Somebody wants to know whose messages are: no short cuts for receiving.
        self.traced = False
        self._handshakes: dict[Any, None] = {}

    @property
    def type_name(self) -> str:
        """The socket type, as READY has it."""
        return self.row.name

    @property
    def peer_types(self) -> frozenset[str]:
        """The socket types that go with this one."""
        return self.row.peers

    @property
    def takes_subscriptions(self) -> bool:
        """A publisher."""
        return self.row.takes_subscriptions

    @property
    def takes_joins(self) -> bool:
        """RADIO."""
        return self.row.takes_joins

    @property
    def names(self) -> Names:
        """The in-process endpoints of the context."""
        return self.engine.names

    @property
    def raw(self) -> bool:
        """Octets without a protocol: STREAM, DGRAM, and ROUTER with ROUTER_RAW."""
        return self.row.raw or bool(self.options.router_raw)

    @property
    def conflate(self) -> tuple[bool, bool]:
        """Whether only the latest message is kept, of those received and of those sent."""
        return self.row.conflates if self.options.conflate else (False, False)

    def attach(self, pipe: Pipe) -> None:
        """Hand a new pipe to the pattern."""
        if self.closing:
            pipe.far.end(pipe, 0)
            return
        if pipe in self.pipes:
            self.pattern.detach(pipe)  # an interrupt has cut the first time
        self.pipes[pipe] = None
        self.pattern.attach(pipe)
        self.has_changed()
        if not pipe.plugged:  # else `plugged` follows at once
            self.refresh()

    def detach(self, pipe: Pipe) -> None:
        """Take a pipe away from the pattern, unread messages and all."""
        if self.pipes.pop(pipe, self) is None:
            pipe.ended = True
            pipe.writable = False
            self.pattern.detach(pipe)
            self.changed = True
            self._lost_one()
            self.refresh()
            self._upkeep()

    def ended(self, pipe: Pipe) -> None:
        """The peer has gone for good; the pipe goes once it has been read to its end."""
        if pipe not in self.pipes:
            return
        pipe.ended = True
        pipe.writable = False
        pipe.plugged = False
        pipe.dropped += pipe.outgoing.clear()
        self.pattern.ended(pipe)
        self._lost_one()
        if self.options.disconnect_msg:
            pipe.incoming.put(self.options.disconnect_msg)
        if pipe.incoming.peek():
            pipe.incoming.mark(lambda: self.detach(pipe))
            self.read_activated(pipe)
            self.refresh()
        else:
            self.detach(pipe)

    def plugged(self, pipe: Pipe) -> None:
        """A peer is there now (again)."""
        if pipe not in self.pipes:
            return  # closed meanwhile, and only delivering what is left
        if self.options.hello_msg:
            pipe.outgoing.queue.appendleft(self.options.hello_msg)
            pipe.far.wrote(pipe)
        self.pattern.plugged(pipe)
        self.changed = True
        self.refresh()

    def unplugged(self, pipe: Pipe) -> None:
        """The peer of a pipe that stays has gone."""
        if pipe in self.pipes:
            if self.options.hiccup_msg:
                pipe.incoming.put(self.options.hiccup_msg)
                self.read_activated(pipe)
            self.pattern.unplugged(pipe)
            self.changed = True
            self.refresh()
            self._upkeep()

    def _upkeep(self) -> None:
        """Let the pattern forget a peer's subscriptions in slices that hold nobody up."""
        if self.pattern.upkeep():
            self.loop.call(self._go_on_with_upkeep)

    def _go_on_with_upkeep(self) -> None:
        with self.lock:
            if not self.released:
                self._upkeep()
                self.notify()

    def read_activated(self, pipe: Pipe) -> None:
        """Messages have come into an empty pipe."""
        self.changed = True
        if self.driven or self._followers:
            self.has_changed()
        self.pattern.read_activated(pipe)
        if self.row.takes_subscriptions:
            self.refresh()  # one may have come or gone

    def write_activated(self, pipe: Pipe) -> None:
        """A full pipe has room again."""
        pipe.writable = True
        self.has_changed()
        self.pattern.write_activated(pipe)
        if self.pattern.selective:
            self.ring_for(WRITE)
        self.refresh()

    def _lost_one(self) -> None:
        """A peer has gone: somebody may wait for room for a message to just that one."""
        if self.pattern.selective:
            self.has_changed()
            self.ring_for(WRITE)

    def connects_in_a_row(self) -> bool:
        """Count a connect; return whether the context has made several within moments."""
        return self.engine.connects_in_a_row()

    def admits(self) -> bool:
        """Return whether one more handshake may begin, be it that the oldest gives way."""
        under_way = self._handshakes
        while 0 < self.options.max_handshakes <= len(under_way):
            oldest = next(iter(under_way))
            expected = oldest.may_be_ready()
            if oldest in under_way:
                return not expected or self.seams.monotonic() - oldest.connection.began >= GRACE
        return True

    def handshake_began(self, session: Any) -> None:
        """Count a handshake in progress; past the limit the oldest is dropped."""
        self._handshakes[session] = None
        if 0 < self.options.max_handshakes < len(self._handshakes):
            self.dropped_handshakes += 1
            next(iter(self._handshakes)).close(ConnectionAbortedError("too many handshakes"))

    def handshake_over(self, session: Any) -> None:
        """A handshake has come to its end, one way or the other."""
        self._handshakes.pop(session, None)

    def resolve(self, transport: Any, endpoint: Any, done: Callable[[Any], None]) -> None:
        """Look a host name up elsewhere."""
        self.engine.resolve(transport, endpoint, self.options, lambda r: self.post(lambda: done(r)))

    def event(self, event: int, value: int = 0, where: HasEnds = NOWHERE) -> None:
        """Tell the monitor."""
        if self.monitor is not None:
            self.monitor.tell(event, (value,), where.ends)

    def refresh(self) -> None:
        """Find out anew which short cuts are open; lock held."""
        slow = self.fault or self.signal is not None
        self.express = None if slow or self.sending else self.pattern.express_out()
        queue = None if slow or self.traced else self.pattern.express_in()
        self.ready = _NONE_READY if queue is None else queue

    # -- for the pattern (`patterns.pattern.Owner`) ---

    def drop_pipe(self, pipe: Pipe) -> None:
        """The pattern wants to be rid of a peer."""
        pipe.far.drop(pipe)

    def puts_off(self, flushable: Flushable, always: bool) -> bool:
        """In a burst, or ``always``, have it flushed soon and return True."""
        if always or self.seams.monotonic() - self.last_write < BURST:
            self.schedule_flush(flushable)
            return True
        return False

    def has_written(self) -> None:
        """Take note of a write: what follows it closely is a burst."""
        self.last_write = self.seams.monotonic()

    def goes_in_process(self) -> None:
        """An in-process endpoint is about to come: from now on messages do not gather."""
        self.in_process = True
        self.refresh()
