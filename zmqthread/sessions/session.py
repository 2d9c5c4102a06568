"""A session: one connection between a pipe and a stream, with the wire protocol in between.

Everything here runs with the socket's lock held, in whichever thread drives the socket.
"""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING, Any

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.pipes.lane import BATCH
from zmqthread.pipes.pipe import Pipe
from zmqthread.reactor.interrupts import is_interrupt
from zmqthread.reactor.selector import READ, WRITE
from zmqthread.sessions.admission import Admission
from zmqthread.sessions.ends import Ends, accepted_ends, connected_ends
from zmqthread.sessions.lanes import new_lanes, resize
from zmqthread.wire.failures import (
    AuthenticationRefused,
    HandshakeTimeout,
    IncompatiblePeer,
    PeerRefused,
)

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.reactor.timer import Timer
    from zmqthread.sessions.host import Host, SessionOwner

log = logging.getLogger("zmqthread")


class Session(Admission):
    """One connection.  ``pipe`` is None until the handshake is done, unless the connecter has one.

    ``owner`` is told once, when the stream has been closed, with the reason (an exception, or
    None for an orderly end by this side).
    """

    __slots__ = (
        "_descriptor",
        "_far",
        "_linger",
        "_near",
        "_owner",
        "_timer",
        "dropped",
        "established",
    )

    def __init__(  # noqa: PLR0913 - what is known of a connection, by name
        self,
        host: Host,
        stream: Any,
        connection: Any,
        owner: SessionOwner,
        *,
        options: Options,
        pipe: Pipe | None = None,
        endpoint: str = "",
        near: Any = None,
        far: Any = None,
        peer_address: str = "",
    ) -> None:
        super().__init__(host, stream, connection, pipe, options)
        self._owner = owner
        self.endpoint = endpoint
        #: The stream's names, as far as it had them; `far` only where we are the side that bound.
        self._near = near
        self._far = far
        self._descriptor = stream.fileno()
        self.peer_address = peer_address
        #: The pattern wanted to be rid of this peer.
        self.dropped = False
        #: The handshake has been done; stays so when the connection fails.
        self.established = False
        self._timer: Timer | None = None
        self._linger: Timer | None = None

    @property
    def ends(self) -> Ends:
        """Both ends, as the monitor names them."""
        if self._owner.bound:
            return accepted_ends(self._near, self._far, self.endpoint)
        return connected_ends(self._near, self.endpoint)

    def start(self) -> None:
        """Watch the stream and send the greeting, with READY if the peer's is there already."""
        self.host.selector.register(self.stream, READ, self.on_ready)
        raw = self.connection.established
        if self.host.scratch and not raw:
            self.on_ready(READ)
        if self.connection.has_output:
            self.flush()
        if self.stream is not None:
            self._set_timer()
            if raw:  # there is no handshake
                self._established()

    def may_be_ready(self) -> bool:
        """Read what there is of a handshake whose end may have come, or be on its way.

        False if it cannot: as long as the peer has not got READY it cannot have sent messages,
        which would be lost with the connection.
        """
        if not self.connection.ready_sent:
            return False
        if self.host.scratch:
            self.on_ready(READ)
        return True

    # -- from the selector ---

    def on_ready(self, events: int) -> None:
        """Handle readiness of the stream; whatever goes wrong ends this session alone."""
        if self.stream is None:
            return  # cut off by an interrupt, and about to be closed
        try:
            if events & WRITE and self._blocked:
                self._blocked = False
                self.flush()
                if not self._blocked and self.stream is not None:
                    self._watch()
            if events & READ and not self._paused and self.stream is not None:
                self._read()
        except ProtocolError as error:
            self._refuse(error)
        except BaseException as error:
            self.cut(error)

    def cut(self, error: BaseException) -> None:
        """End the session after an error.

        An interrupt goes on to whom it is meant for; it too may have cut a read or a write in two,
        so that the stream cannot be trusted any more.
        """
        if is_interrupt(error):
            # Hands off at once; the I/O thread does the rest, where no further interrupt strikes.
            stream, self.stream = self.stream, None
            self._blocked = self._paused = True
            if stream is not None:
                reason = ConnectionAbortedError("interrupted")
                self.host.call_later(0, lambda: self._close(stream, reason))
            raise error
        if not isinstance(error, OSError):
            log.error("a connection with %s failed", self.endpoint, exc_info=error)
        self.close(error)

    def _answer(self) -> None:
        """Send a PONG; the PING may have said how long to wait for the peer."""
        self.flush()
        if self.stream is not None:
            self._set_timer()

    def _shake_hands(self, count: int, now: float) -> None:
        self.connection.receive(self.host.scratch[:count], 0, now)
        self._go_on()

    def _refuse(self, error: ProtocolError) -> None:
        """A peer that misbehaves loses its connection, but not what it sent before."""
        messages = self.connection.salvage()
        if messages and self.pipe is not None:
            self._deliver(messages, 0)
        if self.connection.has_output:
            try:
                self.stream.send(self.connection.data_to_send())
                # Closing with octets unread would reset the connection and take the farewell away.
                # Into a buffer of its own: this is not in a turn, perhaps.
                self.stream.recv_into(bytearray(1 << 16))
            except OSError:
                pass  # the farewell is a courtesy
        self.close(error)

    # -- the handshake is done ---

    def _established(self) -> None:
        host, connection = self.host, self.connection
        host.handshake_over(self)
        self.established = True
        host.event(Event.HANDSHAKE_SUCCEEDED, 0, self)
        pipe = self.pipe
        new = pipe is None
        if pipe is None:
            lanes = new_lanes(host.options, host.conflate)
            pipe = self.pipe = Pipe(*lanes, self, self.endpoint)
        pipe.far = self
        pipe.outgoing.gather = min(BATCH, pipe.outgoing.limit)
        pipe.introduce(connection.peer.properties, self.peer_address, self._descriptor)
        pipe.plugged = True
        if new:
            host.attach(pipe)
        host.plugged(pipe)
        self._set_timer()
        if self.stream is None or self.pipe is not pipe:
            return  # refused by the pattern
        self.flush()
        self._read_pending()

    # -- timers ---

    def _set_timer(self) -> None:
        when = self.connection.next_timer()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if when is not None and self.stream is not None:
            delay = max(0.0, when - self.host.seams.monotonic())
            self._timer = self.host.call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        # `_timer` may be another one by now: this one was already due when it was replaced.
        if self.stream is None:
            return
        now = self.host.seams.monotonic()
        if self._paused:
            # The peer is not to blame for silence while we do not listen.
            self.connection.touch(now)
        try:
            self.connection.handle_timer(now)
        except ProtocolError as error:
            self._refuse(error)
            return
        if self.connection.has_output:
            self.flush()
        if self.stream is not None:
            self._set_timer()

    # -- the end ---

    def drop(self, pipe: Pipe) -> None:
        """Cut the connection at the pattern's wish, once what is queued has been written."""
        self.dropped = True
        self.flush()
        if self.host.raw and self._blocked:
            self.finishing = True
        else:
            self.close(ConnectionAbortedError("dropped by the socket"))

    def end(self, pipe: Pipe, linger: float | None) -> None:
        """Let the socket's side go: write what is queued, then close."""
        self.finishing = True
        if linger == 0 or not self.connection.established:
            self.close(None)
            return
        pipe.incoming.clear()
        self.flush()
        if linger is not None and self.stream is not None and self._linger is None:
            self._linger = self.host.call_later(linger, lambda: self.close(None))

    def close(self, reason: BaseException | None) -> None:
        """Close the stream and tell the owner; a second call does nothing."""
        stream = self.stream
        if stream is None:
            return
        self.stream = None
        try:
            self._close(stream, reason)
        except BaseException:  # an interrupt: the I/O thread does it again, to the end
            self.host.call_later(0, lambda: self._close(stream, reason))
            raise

    def _close(self, stream: Any, reason: BaseException | None) -> None:
        for timer in (self._timer, self._linger):
            if timer is not None:
                timer.cancel()
        self._timer = None
        self._forget_inquiry()
        self.host.handshake_over(self)
        self.host.selector.unregister(stream)
        stream.close()
        self.connection.close()
        self._output = []
        self._owner.session_ended(self, reason)

    def forget(self) -> None:
        """In a forked child: close the descriptor, which the parent has as well."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.close()

    def resize(self, pipe: Pipe) -> None:
        """The high-water marks have been set anew."""
        resize(pipe, self.host.options)

    def report(self, reason: BaseException | None) -> None:
        """Tell the monitor how it ended."""
        if reason is None:
            return  # our own doing
        if not (self.established or self._reported):
            failure = handshake_failure(reason)
            if failure is not None:
                self.host.event(*failure, self)
        self.host.event(Event.DISCONNECTED, self._descriptor, self)


def handshake_failure(reason: BaseException) -> tuple[Event, int] | None:
    """Return the event and the value that tell why a handshake failed; None: libzmq has none."""
    if isinstance(reason, PeerRefused | AuthenticationRefused):
        # A text of the peer's own has no event; both sides end up here over a status of ZAP's.
        return None if reason.status is None else (Event.HANDSHAKE_FAILED_AUTH, reason.status)
    if isinstance(reason, IncompatiblePeer):
        return None
    if isinstance(reason, HandshakeTimeout):
        return Event.HANDSHAKE_FAILED_NO_DETAIL, errno.ETIMEDOUT
    if isinstance(reason, ProtocolError):
        return Event.HANDSHAKE_FAILED_PROTOCOL, reason.code
    return Event.HANDSHAKE_FAILED_NO_DETAIL, getattr(reason, "errno", None) or errno.EPIPE
