"""An acceptor: a listening socket that makes a session of each peer that comes in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from zmqthread import transports
from zmqthread.constants import Event, SecurityMechanism
from zmqthread.reactor.interrupts import may_be_interrupted
from zmqthread.reactor.selector import READ
from zmqthread.sessions.ends import Ends
from zmqthread.sessions.handshake import new_connection, settled
from zmqthread.sessions.session import Session
from zmqthread.transports.names import is_public

if TYPE_CHECKING:
    from zmqthread.reactor.seams import Seams
    from zmqthread.reactor.timer import Timer
    from zmqthread.sessions.host import Host
    from zmqthread.transports.interface import Bound, Listener

log = logging.getLogger("zmqthread")

#: Peers accepted before the other connections of the socket get their turn.
_AT_ONCE = 32
#: How long accepting pauses when descriptors have run out, in seconds; doubled each time.
_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
#: And while there are as many handshakes as may be.
_CROWDED = 0.01


def listen(endpoint: Any, options: Any, seams: Seams) -> Bound:
    """Bind and listen; may block on the look-up of a host name.

    The listener keeps the options as they are now: later ones are for later binds.

    Raises:
        ZMQError: as the transport gives it; EINVAL: security that is set only in part.
    """
    options = settled(options, datagrams=endpoint.datagrams).options
    listener = transports.of(endpoint).listen(endpoint, options, seams)
    if options.mechanism == SecurityMechanism.PLAIN and is_public(listener.socket):
        # RFC 24 has it for networks that are not public, or under another layer's encryption.
        log.warning("PLAIN at %s: names and passwords can be read on the way", listener.endpoint)
    return listener


class Acceptor:
    """Accepts on one endpoint until it is closed; its sessions are closed with it."""

    bound = True

    def __init__(self, host: Host, listener: Listener) -> None:
        self.host = host
        self.listener: Listener | None = listener
        self.endpoint = listener.endpoint
        self._kept = settled(host.options)
        self._end = Ends(self.endpoint, bound=True)
        self.sessions: dict[Session, None] = {}
        self._pause = _PAUSE
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin to accept."""
        assert self.listener is not None
        self.host.event(Event.LISTENING, self.listener.socket.fileno(), self._end)
        self.host.selector.register(self.listener.socket, READ, self.on_ready)

    def on_ready(self, events: int) -> None:
        """Accept whoever waits, up to a number."""
        listener = self.listener
        if listener is None:
            return
        if may_be_interrupted():
            # `socket.accept` loses a connection, and leaves it open, if a signal handler raises
            # between its steps: the I/O thread accepts, and looks here again afterwards.
            self.host.call_later(0, self._accept_and_go_on)
            self.host.selector.modify(listener.socket, 0, self.on_ready)
        else:
            self._accept()

    def _accept_and_go_on(self) -> None:
        # A turn has a buffer to receive into: for who comes, and for who would give way.
        self.host.turn([(self._accept_in_turn, READ)])

    def _accept_in_turn(self, events: int) -> None:
        if self._accept():
            self._go_on()

    def _accept(self) -> bool:
        """Accept, and say whether there are the means to accept more."""
        for _ in range(_AT_ONCE):
            listener = self.listener
            if listener is None:
                return False
            if not self.host.admits():
                self._rest(_CROWDED)
                return False
            try:
                accepted = listener.accept()
            except OSError as error:
                self._out_of_resources(error)
                return False
            if accepted is None:
                return True
            self._pause = _PAUSE
            self._admit(*accepted)
        return True

    def _admit(self, stream: Any, peer_address: str, far: Any) -> None:
        host = self.host
        try:
            near = stream.getsockname()
        except OSError:  # gone already
            near = None
        session = Session(
            host,
            stream,
            new_connection(host, self._kept),
            self,
            options=self._kept.options,
            endpoint=self.endpoint,
            near=near,
            far=far,
            peer_address=peer_address,
        )
        host.event(Event.ACCEPTED, stream.fileno(), session)
        self.sessions[session] = None
        host.handshake_began(session)
        session.start()

    def _out_of_resources(self, error: OSError) -> None:
        # D1: without descriptors the listener stays readable; accepting pauses instead of spinning.
        self.host.event(Event.ACCEPT_FAILED, error.errno or 0, self._end)
        self._rest(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _rest(self, seconds: float) -> None:
        """Leave who comes to the system for a while."""
        assert self.listener is not None
        self.host.selector.modify(self.listener.socket, 0, self.on_ready)
        self._timer = self.host.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        if self.listener is not None:
            self.host.selector.modify(self.listener.socket, READ, self.on_ready)

    def session_ended(self, session: Session, reason: BaseException | None) -> None:
        """See `SessionOwner`."""
        # An interrupt may come in between, then all of this is done again.
        self.sessions.pop(session, None)
        pipe = session.pipe
        if pipe is not None:
            # RFC 28-31: the queue of a peer that came in goes with it; what it sent can be read.
            pipe.plugged = False
            self.host.ended(pipe)
            session.pipe = None
        session.report(reason)
        self._released()

    def __str__(self) -> str:
        return f"{self.endpoint}: {len(self.sessions)} peers with messages unsent"

    def stop(self) -> None:
        """Stop listening, leave the sessions alone."""
        listener, self.listener = self.listener, None
        if listener is not None:
            if self._timer is not None:
                self._timer.cancel()
            descriptor = listener.socket.fileno()
            self.host.selector.unregister(listener.socket)
            listener.close()
            self.host.event(Event.CLOSED, descriptor, self._end)
            self._released()

    def close(self, linger: float | None) -> None:
        """Stop listening and end the sessions, unsent messages after ``linger`` seconds."""
        self.stop()
        for session in list(self.sessions):
            if session.pipe is not None:
                session.end(session.pipe, linger)
            else:
                session.close(None)

    def forget(self) -> None:
        """In a forked child: close the descriptors, say nothing, remove no file."""
        if self.listener is not None:
            self.listener.socket.close()
        for session in self.sessions:
            session.forget()

    def _released(self) -> None:
        if self.listener is None and not self.sessions:
            self.host.gone(self)
