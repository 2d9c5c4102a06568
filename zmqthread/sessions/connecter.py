"""A connecter: keeps one outgoing connection up, with back-off, for as long as it is wanted."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from zmqthread import transports
from zmqthread.constants import Event, ReconnectStop
from zmqthread.errors import ProtocolError
from zmqthread.pipes.batch import Batch
from zmqthread.pipes.pipe import Pipe
from zmqthread.reactor.selector import WRITE
from zmqthread.sessions.datagrams import DatagramSession
from zmqthread.sessions.ends import UNKNOWN, Ends, connected_ends
from zmqthread.sessions.handshake import is_final, new_connection, settled
from zmqthread.sessions.lanes import new_lanes, resize
from zmqthread.sessions.session import Session

if TYPE_CHECKING:
    from zmqthread.endpoint import Endpoint
    from zmqthread.reactor.timer import Timer
    from zmqthread.sessions.host import Host


class Connecter:
    """One `connect`: resolves, dials, runs a session, and begins anew when that ends.

    Unless IMMEDIATE is set its pipe exists from the beginning and survives reconnections: messages
    queue for a peer that is not there yet (RFC 28-31).
    """

    bound = False

    def __init__(self, host: Host, endpoint: Endpoint) -> None:
        self.host = host
        self.endpoint: Any = endpoint
        self._kept = settled(host.options, datagrams=endpoint.datagrams)
        self.remote = endpoint.text
        self.session: Any = None
        self.pipe: Pipe | None = None
        self._attaching = False
        self.stopped = False
        self._transport: Any = transports.of(endpoint)
        self._attempt: Any = None
        self._timer: Timer | None = None
        self._delay = 0.0
        self._lingering = False
        #: The connection has failed, and RECONNECT_IVL says not to try again.
        self._given_up = False
        self._linger: Timer | None = None
        self._immediate = bool(host.options.immediate)
        # CONNECT_ROUTING_ID names the peer of one connect.
        self._peer_name = host.options.connect_routing_id
        if self._peer_name:
            host.options.connect_routing_id = b""

    @property
    def ends(self) -> Ends:
        """The far end only, as long as there is no connection."""
        return Ends(remote=self.remote)

    def start(self) -> None:
        """Make the pipe and dial, or have the I/O thread dial for many connecters at once."""
        if self.endpoint.datagrams or not self.host.connects_in_a_row():
            self._dial()
        elif self._has_pipe():
            self._timer = self.host.call_in_row(self._dial)
        else:
            self._retry()

    def _has_pipe(self) -> bool:
        """Make the pipe if there is none; return whether the pattern wants one."""
        return self.pipe is not None or self._immediate or self._new_pipe()

    def _new_pipe(self) -> bool:
        """Offer the pattern a pipe; return whether it wants one more."""
        host = self.host
        self.pipe = Pipe(*new_lanes(host.options, host.conflate), self, self.remote)
        self.pipe.routing_id = self._peer_name
        self.pipe.takes_all = self.endpoint.datagrams
        self._attaching = True
        try:
            host.attach(self.pipe)
        finally:
            self._attaching = False
        return self.pipe is not None

    # -- the far end of the pipe while there is no session ---

    def wrote(self, pipe: Pipe) -> None:
        """Let messages gather until there is a peer."""
        pipe.outgoing.open = True

    def make_room(self, pipe: Pipe) -> bool:
        """There is nowhere to drain to."""
        return False

    def carry(self, pipe: Pipe, batch: Batch) -> bool:
        """There is nobody to write to."""
        return False

    def starved(self, pipe: Pipe) -> bool:
        """Nothing can come in."""
        return False

    def resize(self, pipe: Pipe) -> None:
        """The high-water marks have been set anew."""
        resize(pipe, self.host.options)

    def drop(self, pipe: Pipe) -> None:
        """Forget what is queued: the next peer gets a pipe of its own."""
        self.host.detach(pipe)
        if self._attaching:
            self.pipe = None  # not wanted now: a second peer of a PAIR
        elif self.host.raw:
            self._finish()  # libzmq does not dial again after a STREAM has closed its peer
        else:
            self._new_pipe()

    # -- dialling ---

    def _dial(self) -> None:
        self._timer = None
        # Another peer is asked for no sooner than it is wanted: two connections to the same PAIR
        # would be turned away one by each side.
        if not self._has_pipe():
            self._retry()
            return
        options = self.host.options
        try:
            addresses = self._transport.numeric(self.endpoint, options)
        except OSError as error:
            self._failed(error)
            return
        if addresses is None:
            self.host.resolve(self._transport, self.endpoint, self._resolved)
        else:
            self._dial_to(addresses)

    def _resolved(self, addresses: Any) -> None:
        """Go on with the addresses, or with the OSError of the look-up (lock held)."""
        if self.stopped:
            return
        if isinstance(addresses, OSError):
            self._failed(addresses)
        else:
            self._dial_to(addresses)

    def _dial_to(self, addresses: Any) -> None:
        host = self.host
        if self._attempt is not None or self.session is not None:
            return  # an interrupt has made somebody dial twice
        try:
            attempt = self._transport.dial(self.endpoint, host.options, host.seams, addresses)
        except OSError as error:
            host.event(Event.CLOSED, UNKNOWN, self)
            self._failed(error)
            return
        self._attempt = attempt
        if attempt.pending:
            host.event(Event.CONNECT_DELAYED, errno.EINPROGRESS, self)
        if not attempt.pending or attempt.over():
            self._on_dialled(0)
            return
        host.selector.register(attempt.socket, WRITE, self._on_dialled)
        if host.options.connect_timeout > 0:
            self._timer = host.call_later(host.options.connect_timeout / 1000, self._timed_out)

    def _timed_out(self) -> None:
        if self._attempt is not None:
            self._give_up_attempt()
            self._failed(TimeoutError(errno.ETIMEDOUT, "connect timed out"))

    def _give_up_attempt(self) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            descriptor = attempt.socket.fileno()
            self.host.selector.unregister(attempt.socket)  # it may never have been registered
            attempt.close()
            self.host.event(Event.CLOSED, descriptor, self)

    def _on_dialled(self, events: int) -> None:
        try:
            self._dialled(events)
        except BaseException:
            # An interrupt: who knows how far it came.  The I/O thread begins anew.
            self.host.call_later(0, self._begin_anew)
            raise

    def _begin_anew(self) -> None:
        if self.stopped:
            return
        self._give_up_attempt()
        if self.session is not None:
            self.session.close(ConnectionAbortedError("interrupted"))  # which retries
        elif self._timer is None:
            self._retry()

    def _dialled(self, events: int) -> None:
        attempt = self._attempt
        if attempt is None:
            return
        error = attempt.done()
        if error is not None:
            self._give_up_attempt()
            self._cancel_timer()
            self._failed(error)
            return
        self._attempt = None
        self._cancel_timer()
        host = self.host
        if events:  # else it has been quicker than the selector
            host.selector.unregister(attempt.socket)
        if self.endpoint.datagrams:
            ends = connected_ends(attempt.near, self.remote)
            host.event(Event.CONNECTED, attempt.socket.fileno(), ends)
            self.session = self._datagram_session(attempt)
        else:
            self.session = self._stream_session(attempt)
            host.event(Event.CONNECTED, attempt.socket.fileno(), self.session)
        self.session.finishing = self._lingering
        self.session.start()

    def _datagram_session(self, attempt: Any) -> DatagramSession:
        return DatagramSession(
            self.host,
            attempt,
            self,
            options=self._kept.options,
            pipe=self.pipe,
            endpoint=self.remote,
        )

    def _stream_session(self, attempt: Any) -> Session:
        return Session(
            self.host,
            attempt.socket,
            new_connection(self.host, self._kept),
            self,
            options=self._kept.options,
            pipe=self.pipe,
            endpoint=self.remote,
            near=attempt.near,
            peer_address=self._transport.peer_address(attempt.socket, attempt.far),
        )

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- failure and back-off ---

    def _failed(self, error: OSError) -> None:
        """An attempt to connect has failed."""
        stop = self.host.options.reconnect_stop
        if error.errno == errno.ECONNREFUSED and stop & ReconnectStop.CONN_REFUSED:
            self.close(0)
            return
        self._retry()

    def _retry(self) -> None:
        options = self.host.options
        if options.reconnect_ivl <= 0:
            self._given_up = True
            if self._lingering:
                self._finish()  # what is queued can never go out
            return
        delay = self._next_delay()
        self.host.event(Event.CONNECT_RETRIED, round(delay * 1000), self)
        self._cancel_timer()
        self._timer = self.host.call_later(delay, self._dial)

    def _next_delay(self) -> float:
        """Return the time to wait: jittered as libzmq does it, or doubled up to the maximum."""
        options = self.host.options
        base, most = options.reconnect_ivl / 1000, options.reconnect_ivl_max / 1000
        if most <= 0:
            return base + self.host.seams.random.random() * base
        self._delay = min(2 * self._delay, most) if self._delay else base
        return self._delay

    def session_ended(self, session: Any, reason: BaseException | None) -> None:
        """See `SessionOwner`."""
        # An interrupt may come in between, then all of this is done again.
        if self.session not in (session, None):
            return
        established = session.established
        session.report(reason)
        self.session = None
        if established:
            self._delay = 0.0
        pipe = session.pipe
        if pipe is not None:
            self._unplug(pipe, session)
        if self.stopped:
            return
        if self._lingering and (reason is None or pipe is None or not len(pipe.outgoing)):
            self._finish()
        elif not established and self._stops_after(reason):
            self.close(0)
        else:
            self._retry()

    def _unplug(self, pipe: Pipe, session: Session) -> None:
        """The session that was at the far end of a pipe has ended."""
        if self.pipe is not pipe:
            pipe.plugged = False
            self.host.ended(pipe)
            return
        pipe.far = self
        if session.dropped:
            self.drop(pipe)
            return
        if pipe.plugged:
            pipe.plugged = False
            self.host.unplugged(pipe)
        if not pipe.writable and len(pipe.outgoing) <= pipe.outgoing.low:
            self.host.write_activated(pipe)  # the last write took out what it then lost

    def _stops_after(self, reason: BaseException | None) -> bool:
        """Whether a handshake that failed is not to be tried again."""
        if is_final(reason, self._kept.options):
            return True
        stop = self.host.options.reconnect_stop & ReconnectStop.HANDSHAKE_FAILED
        return bool(stop) and isinstance(reason, ProtocolError)

    # -- the end ---

    def end(self, pipe: Pipe, linger: float | None) -> None:
        """Go on trying to deliver what is queued, for up to ``linger`` seconds."""
        self.close(linger)

    def __str__(self) -> str:
        queued = 0 if self.pipe is None else len(self.pipe.outgoing)
        state = "connected" if self.session is not None else "not connected"
        return f"{self.remote}: {state}, {queued} messages unsent"

    def close(self, linger: float | None) -> None:
        """Stop; what is queued may still go out for ``linger`` seconds (None: for ever)."""
        pipe = self.pipe
        queued = pipe is not None and len(pipe.outgoing) > 0
        session = self.session
        if session is not None and session.established and session.pipe is not None:
            self._lingering = True
            session.end(session.pipe, linger)
        elif queued and linger != 0 and not self._given_up:
            self._lingering = True
            if session is not None:
                session.finishing = True
        else:
            self._finish()
        if not self.stopped and linger is not None and self._linger is None:
            self._linger = self.host.call_later(linger, self._finish)

    def forget(self) -> None:
        """In a forked child: close the descriptors and say nothing."""
        if self._attempt is not None:
            self._attempt.socket.close()
        if self.session is not None:
            self.session.forget()

    def _finish(self) -> None:
        if self.stopped:
            return
        self.stopped = True
        self._cancel_timer()
        if self._linger is not None:
            self._linger.cancel()
        self._give_up_attempt()
        if self.session is not None:
            self.session.close(None)
        self.host.gone(self)
