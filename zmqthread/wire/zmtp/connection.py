"""One ZMTP connection without any I/O (RFC 37): greeting, handshake, traffic, heartbeats.

    greeting ──► mechanism ──► traffic
        └────────────┴────────────┴──► failed

Octets go in through `receive`, messages come out of it; octets to write come from `data_to_send`
and `encode`, and must be written in the order in which they were given out.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.wire.failures import (
    AuthenticationRefused,
    HandshakeTimeout,
    IncompatiblePeer,
    MechanismMismatch,
    unexpected,
)
from zmqthread.wire.mechanisms.mechanism import Mechanism, ZapRequest
from zmqthread.wire.zmtp import commands, greeting
from zmqthread.wire.zmtp.decoder import Decoder, Input, oversized
from zmqthread.wire.zmtp.handshake import SHORT, Peer, Setup, meet, take_command, zap_properties
from zmqthread.wire.zmtp.heartbeat import Pulse
from zmqthread.wire.zmtp.terms import Terms
from zmqthread.wire.zmtp.traffic import Traffic

# What careless parsing would raise. It is not meant to happen; if it does, the peer caused it.
_SURPRISES: Final = (ProtocolError, LookupError, ValueError, ArithmeticError)


class Connection(Traffic):
    """A ZMTP 3 connection with one peer, from the first octet.

    Args:
        terms: what we bring into the handshake.
        mechanism: the security mechanism, fresh and for this connection only.
        now: the present, on the clock of all other `now` arguments.

    Attributes:
        established: READY went both ways; `encode` may be used and messages come out of `receive`.
        failed: the connection is dead. `data_to_send` may still hold an ERROR for the peer.
        has_output: `data_to_send` has something.
        peer: what is known of the peer; its type and properties only once established.
        dropped_commands: commands that were ignored: unknown, or of no use to our type.
    """

    __slots__ = ("_decoder", "_salvaged", "_setup", "failed")

    def __init__(self, terms: Terms, mechanism: Mechanism, now: float = 0.0) -> None:
        super().__init__(terms, mechanism)
        self.failed = False
        self._decoder = Decoder(terms.limits, mechanism.transforms)
        self._salvaged: list[Any] | None = None
        self._setup: Setup | None = Setup(terms, now)
        self._send(greeting.encode(mechanism.name, mechanism.as_server))

    @property
    def ready_sent(self) -> bool:
        """The peer may take the handshake for done, and have sent messages."""
        return self._setup is None or self._setup.ready_sent

    @property
    def began(self) -> float:
        """When the handshake began, as long as it is not over."""
        return 0.0 if self._setup is None else self._setup.began

    # -- octets in -----------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """How many octets a limit left; `receive(b"", limit, now)` may give more messages."""
        return self._decoder.pending

    @property
    def wants_input(self) -> bool:
        """False while the authenticator is asked: reading should pause until it has answered."""
        return self._setup is None or not self._setup.waiting

    @property
    def large(self) -> memoryview | None:
        """In the middle of a large frame: the free part of its buffer, to be received into."""
        return self._decoder.large

    def receive(self, data: Input, limit: int, now: float) -> list[Any]:
        """Take octets from the peer.

        Args:
            data: what came; nothing of it is referred to after the call. Empty to go on with what
                an earlier limit left.
            limit: how many messages to return at most.
            now: the present.

        Returns:
            Whole messages: bytes, tuples of frames, and Subscribe, Cancel, Join and Leave.

        Raises:
            ProtocolError: the peer broke the protocol; the connection is dead. What came before
                that is in `salvage`, what came after it is not looked at.
        """
        out: list[Any] = []
        try:
            if not self.established:
                rest = self._handshake(data, now)
                if rest is None:
                    return out
                if not limit:
                    self._decoder.hold(rest)
                    return out
                data = rest
            self._decoder.decode(data, limit, out, self)
            if self._takes_subscriptions:
                self._find_subscriptions(out)
            if self._pulse is not None:
                # Also for what an earlier limit left: nothing is read while that waits.
                self._pulse.life(now)
        except _SURPRISES as error:
            self._fail(error, out)
        return out

    def large_filled(self, count: int, limit: int, now: float) -> list[Any]:
        """Go on after `count` octets were received into `large`. See `receive`; `limit` is >= 1."""
        out: list[Any] = []
        try:
            self._decoder.filled(count, out, self)
            if self._takes_subscriptions:
                self._find_subscriptions(out)
            if self._pulse is not None:
                self._pulse.life(now)
        except _SURPRISES as error:
            self._fail(error, out)
        return out

    def close(self) -> None:
        """Give up what is half received; the stream has been closed."""
        self._decoder.close()

    def salvage(self) -> list[Any]:
        """Give out, once, the messages that came before what made the connection fail."""
        out, self._salvaged = self._salvaged, None
        return out or []

    def _fail(self, error: Exception, out: list[Any]) -> NoReturn:
        """Refuse and stop: the one place where anything unexpected becomes a ProtocolError."""
        if self._takes_subscriptions:
            try:
                self._find_subscriptions(out)
            except ProtocolError:
                pass  # it took out what is not good; the first error is the one to report
        if not self.failed:
            self._salvaged = out
        self.failed = True
        self.established = False
        self._setup = self._pulse = self._pong = None
        self._decoder = Decoder(self._limits)
        if isinstance(error, ProtocolError):
            raise error
        raise ProtocolError(
            Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED, f"not understood: {error!r}"
        ) from error

    def _find_subscriptions(self, out: list[Any]) -> None:
        """Turn single-frame messages that begin with 00 or 01 into what they mean (Z46)."""
        for index, message in enumerate(out):
            if type(message) is bytes and message and message[0] <= 1:
                kind = commands.Subscribe if message[0] else commands.Cancel
                try:
                    out[index] = commands.parse_topic(kind, message[1:], self._limits)
                except ProtocolError:
                    del out[index:]
                    raise

    # -- handshake -----------------------------------------------------------------------------

    def _handshake(self, data: Input, now: float) -> bytes | None:
        """Take octets of the handshake; return what follows it, None if it is not over."""
        setup = self._setup
        if setup is None:
            raise unexpected("the connection has failed")
        # A thousand connections to one peer all hear the same from it, often in one go. Looking at
        # it anew is a tenth of the work that such a connection is.
        whole = len(data) <= SHORT and not (setup.greeted or setup.held or self._out)
        if not (whole and self.mechanism.repeats):
            return self._negotiate(setup, data, now)
        heard = bytes(data)
        known = setup.terms.known.get(heard)
        if known is not None:
            self.peer, ready = known
            self._send(ready)
            self._establish(setup, now)
            return b""
        rest = self._negotiate(setup, data, now)
        if rest == b"":
            setup.terms.keep_in_mind(heard, self.peer, self._out)
        return rest

    def _negotiate(self, setup: Setup, data: Input, now: float) -> bytes | None:
        held, mechanism = setup.held, self.mechanism
        if setup.waiting and len(held) > self._limits.handshake_command:
            raise oversized("too much before the end of the handshake")
        held += data
        if not setup.greeted:
            self._greet(setup, now)
        while setup.greeted and not setup.waiting and not self.established:
            body = take_command(held, self._limits.handshake_command)
            if body is None:
                break
            mechanism.receive(*mechanism.split(body))
            self._advance(setup, now)
        return bytes(held) if self.established else None

    def _greet(self, setup: Setup, now: float) -> None:
        held = setup.held
        if len(held) < greeting.SIZE:
            greeting.refuse_old(held)
            return
        theirs = greeting.parse(bytes(held[: greeting.SIZE]))
        del held[: greeting.SIZE]
        ours = self.mechanism
        if theirs.mechanism != greeting.padded(ours.name):
            named = theirs.mechanism.rstrip(b"\x00")
            raise MechanismMismatch(f"the peer wants {named!r}, we want {ours.name!r}")
        if theirs.as_server and ours.as_server:
            raise unexpected("both sides are the server")
        self.peer = Peer(theirs.version)
        setup.greeted = True
        ours.begin(setup.terms.properties)
        self._advance(setup, now)

    def _advance(self, setup: Setup, now: float) -> None:
        """Send what the mechanism has to say, and see whether it is done."""
        mechanism = self.mechanism
        if mechanism.metadata is not None and not self.peer.socket_type:
            try:
                meet(self.peer, setup, mechanism.metadata)
            except IncompatiblePeer:
                if mechanism.explains:
                    self._send(commands.encode(*commands.encode_error("Invalid socket type")))
                raise
        for name, data in mechanism.commands():
            setup.ready_sent |= name == commands.READY
            self._send(commands.frame_of(mechanism.join(name, data)))
        setup.waiting = mechanism.zap_request is not None
        if mechanism.complete:
            self._establish(setup, now)

    def _establish(self, setup: Setup, now: float) -> None:
        self._setup = None
        self.established = True
        self.mechanism = self.mechanism.spent()
        heartbeat = setup.terms.heartbeat
        if heartbeat is not None:
            self._ttl = heartbeat.ttl
            if heartbeat.interval > 0 and not self.peer.is_old:
                self._pulse = Pulse(heartbeat, now)

    # -- ZAP -----------------------------------------------------------------------------------

    @property
    def zap_request(self) -> ZapRequest | None:
        """A question for the authenticator; the connection waits for `zap_reply`."""
        return None if self.failed else self.mechanism.zap_request

    def zap_reply(
        self,
        status: int,
        text: str,
        user_id: bytes | None,
        metadata: bytes,
        now: float = 0.0,
    ) -> None:
        """Take the authenticator's answer; one that nobody waits for is dropped.

        Go on with `receive(b"", limit, now)` when `pending`.

        Args:
            status: 200, 300, 400 or 500.
            text: for the error.
            user_id: becomes the property User-Id; None where nobody had to be asked.
            metadata: further properties, in wire form.
            now: the present.

        Raises:
            AuthenticationRefused: the status is 400 or 500.
            ProtocolError: the answer is malformed, or the peer is.
        """
        setup = self._setup
        if setup is None or self.zap_request is None:
            return
        try:
            if status not in {200, 300, 400, 500}:
                code = Event.PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE
                raise ProtocolError(code, f"ZAP status {status}")
            if status == 200:
                setup.zap_properties = zap_properties(user_id, metadata, self._limits)
            self.mechanism.zap_reply(status)
            if status == 300:
                return  # silent until the handshake times out
            self._advance(setup, now)
            if status != 200:
                raise AuthenticationRefused(status, text)
            rest = self._negotiate(setup, b"", now) if not self.established else bytes(setup.held)
            self._decoder.hold(rest or b"")
        except _SURPRISES as error:
            self._fail(error, [])

    # -- time ----------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        """When `handle_timer` is to be called, or None."""
        if self._setup is not None:
            return self._setup.deadline
        return None if self._pulse is None else self._pulse.next_timer()

    def handle_timer(self, now: float) -> None:
        """Do what is due at `now`: send a PING, or give up.

        Raises:
            HandshakeTimeout: the handshake took too long.
            HeartbeatTimeout: the peer has been silent for too long.
        """
        try:
            setup, pulse = self._setup, self._pulse
            if setup is not None and setup.deadline is not None and now >= setup.deadline:
                raise HandshakeTimeout("the handshake did not end in time")
            if pulse is not None and pulse.tick(now):
                self._send(self._command(*commands.encode_ping(self._ttl)))
        except ProtocolError as error:
            self._fail(error, [])

    def touch(self, now: float) -> None:
        """Count the peer as alive: for a session that has paused reading and cannot tell."""
        if self._pulse is not None:
            self._pulse.life(now)
