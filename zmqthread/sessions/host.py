"""What a socket offers to the sessions that hang on it.  All of it with the socket's lock held."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from zmqthread.sessions.ends import NOWHERE, HasEnds

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.pipes.pipe import Flushable, Pipe
    from zmqthread.reactor.seams import Seams
    from zmqthread.reactor.selector import Selector
    from zmqthread.reactor.timer import Timer
    from zmqthread.sessions.inproc import Names


class Host(Protocol):
    """The socket, seen from its sessions."""

    options: Options
    seams: Seams
    selector: Selector
    #: A buffer to receive into, shared by all sessions of the socket.
    scratch: memoryview
    #: The monotonic time of the last write to any stream, 0 after a wait.
    last_write: float
    #: Messages of several frames are none.
    single_frame: bool
    #: Somebody watches the socket's descriptor: each message counts as a change.
    signal: Any

    @property
    def type_name(self) -> str:
        """The socket type, as READY has it."""
        ...

    @property
    def peer_types(self) -> frozenset[str]:
        """The socket types that go with this one."""
        ...

    @property
    def takes_subscriptions(self) -> bool:
        """A publisher."""
        ...

    @property
    def takes_joins(self) -> bool:
        """RADIO."""
        ...

    @property
    def names(self) -> Names:
        """The in-process endpoints of the context."""
        ...

    @property
    def conflate(self) -> tuple[bool, bool]:
        """Whether only the latest message is kept, of those received and of those sent."""
        ...

    @property
    def raw(self) -> bool:
        """Octets without a protocol: streams (STREAM) or datagrams (DGRAM)."""
        ...

    def attach(self, pipe: Pipe) -> None:
        """Hand a new pipe to the pattern."""

    def detach(self, pipe: Pipe) -> None:
        """Take a pipe away from the pattern, unread messages and all."""

    def ended(self, pipe: Pipe) -> None:
        """The peer has gone for good; the pipe goes once it has been read to its end."""

    def plugged(self, pipe: Pipe) -> None:
        """A peer is there now (again)."""

    def unplugged(self, pipe: Pipe) -> None:
        """The peer of a pipe that stays has gone."""

    def read_activated(self, pipe: Pipe) -> None:
        """Messages have come into an empty pipe."""

    def write_activated(self, pipe: Pipe) -> None:
        """A full pipe has room again."""

    def schedule_flush(self, session: Flushable) -> None:
        """Have ``session`` flushed when the burst ends, or before the caller waits."""

    def call_later(self, delay: float, function: Callable[[], None]) -> Timer:
        """Run ``function`` after ``delay`` seconds, with the lock held."""
        ...

    def call_in_row(self, function: Callable[[], None]) -> Timer:
        """Run ``function`` within moments, together with what others want; with the lock held."""
        ...

    def event(self, event: int, value: int = 0, where: HasEnds = NOWHERE) -> None:
        """Tell the monitor."""

    def resolve(self, transport: Any, endpoint: Any, done: Callable[[Any], None]) -> None:
        """Look a host name up elsewhere; ``done`` gets the addresses or an OSError."""

    def post(self, item: Callable[[], None]) -> None:
        """Have ``item`` called with the socket's lock held; from anywhere."""

    def connects_in_a_row(self) -> bool:
        """Count a connect; return whether the context has made several within moments."""
        ...

    def turn(self, ready: list[tuple[Any, int]]) -> None:
        """Call handlers with what is ready for them, and with a buffer to receive into."""

    def read_now(self, handler: Callable[[int], None]) -> None:
        """Call a session's handler for reading, with a buffer to receive into; lock held."""

    def gone(self, part: Any) -> None:
        """Drop an acceptor or connecter whose last descriptor has been closed (lock held)."""

    def admits(self) -> bool:
        """Return whether one more handshake may begin; otherwise ask again soon."""
        ...

    def handshake_began(self, session: Any) -> None:
        """Count a handshake in progress; past the limit the oldest is dropped."""

    def handshake_over(self, session: Any) -> None:
        """A handshake has come to its end, one way or the other."""


class SessionOwner(Protocol):
    """Who has made a session: an object, not a callback, since there are as many as peers."""

    @property
    def bound(self) -> bool:
        """Its streams have come in, they were not dialled."""
        ...

    def session_ended(self, session: Any, reason: BaseException | None) -> None:
        """Its descriptor has been closed; ``reason`` is None if that was our own doing."""
