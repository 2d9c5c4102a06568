"""The traffic phase of a connection (RFC 37, "Traffic"): what goes out, commands that come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from zmqthread.wire.failures import unexpected
from zmqthread.wire.limits import Heartbeat
from zmqthread.wire.mechanisms.mechanism import Mechanism
from zmqthread.wire.zmtp import commands, frames
from zmqthread.wire.zmtp.handshake import UNKNOWN, Peer
from zmqthread.wire.zmtp.heartbeat import Pulse
from zmqthread.wire.zmtp.terms import Terms

_NO_HEARTBEAT: Final = Heartbeat()


class Traffic:
    """The half of a connection that works once the handshake is over. See Connection."""

    __slots__ = (
        "_limits",
        "_out",
        "_pong",
        "_pulse",
        "_takes_joins",
        "_takes_subscriptions",
        "_ttl",
        "dropped_commands",
        "established",
        "has_output",
        "mechanism",
        "peer",
    )

    def __init__(self, terms: Terms, mechanism: Mechanism) -> None:
        self.mechanism = mechanism
        self.peer: Peer = UNKNOWN
        self.established = False
        self.has_output = False
        self.dropped_commands = 0
        self._limits = terms.limits
        self._takes_subscriptions = terms.takes_subscriptions
        self._takes_joins = terms.takes_joins
        self._out = b""
        self._pong: bytes | None = None
        self._pulse: Pulse | None = None
        self._ttl = 0.0

    # -- octets out ----------------------------------------------------------------------------

    def data_to_send(self) -> bytes:
        """Give out what the protocol itself has to say, once."""
        if not self.has_output:
            return b""
        out, self._out = self._out, b""
        if self._pong is not None:
            out += self._command(commands.PONG, self._pong)
            self._pong = None
        self.has_output = False
        return out

    def encode(self, messages: Sequence[frames.Message]) -> list[frames.Buffer]:
        """Turn messages into buffers to write; only once established.

        Keep the messages until the buffers are written: large frames are not copied.

        Raises:
            RuntimeError: the connection is not established.
        """
        if not self.established:
            raise RuntimeError("no message may be sent before the handshake is over")  # Z27
        if self.mechanism.transforms:
            return self.mechanism.wrap_messages(messages)
        return frames.encode(messages)

    def encode_subscription(
        self, item: commands.Subscription | commands.Membership
    ) -> frames.Buffer:
        """Turn a subscription or membership into octets, in the form the peer understands."""
        if self.peer.is_old and isinstance(item, commands.Subscribe | commands.Cancel):
            return b"".join(self.encode([commands.encode_old_subscription(item)]))
        return self._command(*commands.encode_item(item))

    def _command(self, name: bytes, data: bytes) -> bytes:
        body = commands.body_of(name, data)
        if self.established and self.mechanism.transforms:
            return self._frame(frames.COMMAND, body)
        return commands.frame_of(body)

    def _frame(self, flags: int, body: bytes) -> bytes:
        wrapped = self.mechanism.wrap(flags, body)
        return frames.header(0, len(wrapped)) + wrapped

    def _send(self, octets: bytes) -> None:
        self._out += octets
        self.has_output = True

    # -- what the decoder finds ----------------------------------------------------------------

    def on_frame(self, flags: int, body: bytes) -> tuple[int, bytes]:
        """Unwrap a frame: see FrameOwner."""
        return self.mechanism.unwrap(flags, body)

    def on_run(
        self, data: bytes, pos: int, limit: int
    ) -> tuple[int, list[bytes], list[int] | None]:
        """Unwrap frames: see FrameOwner."""
        return self.mechanism.unwrap_run(data, pos, limit)

    def on_command(self, body: bytes) -> object | None:
        """Take a command of the traffic phase: see FrameOwner."""
        name, data = commands.split(body)
        handler = _HANDLERS.get(name)
        if handler is not None:
            return handler(self, data)
        if name in self.mechanism.handshake_names:
            raise unexpected(f"{name!r} after the handshake")
        self.dropped_commands += 1
        return None

    def on_error(self, data: bytes) -> None:
        raise commands.parse_error(data)

    def on_ping(self, data: bytes) -> None:
        ttl, self._pong = commands.parse_ping(data)  # one answer waits at most: the latest
        self.has_output = True
        if ttl and self._pulse is None:
            self._pulse = Pulse(_NO_HEARTBEAT, 0.0)  # set going at the end of `receive`
        if self._pulse is not None:
            self._pulse.peer_ttl(ttl)

    def on_pong(self, data: bytes) -> None:
        """Nothing to do: that it came was a sign of life."""

    def _on_subscription(
        self, kind: type[commands.Subscription], data: bytes
    ) -> commands.Subscription | None:
        if self._takes_subscriptions:
            return commands.parse_topic(kind, data, self._limits)
        self.dropped_commands += 1
        return None

    def on_subscribe(self, data: bytes) -> object | None:
        return self._on_subscription(commands.Subscribe, data)

    def on_cancel(self, data: bytes) -> object | None:
        return self._on_subscription(commands.Cancel, data)

    def _on_membership(
        self, kind: type[commands.Membership], data: bytes
    ) -> commands.Membership | None:
        if self._takes_joins:
            return commands.parse_group(kind, data)
        self.dropped_commands += 1
        return None

    def on_join(self, data: bytes) -> object | None:
        return self._on_membership(commands.Join, data)

    def on_leave(self, data: bytes) -> object | None:
        return self._on_membership(commands.Leave, data)


_HANDLERS: Final[dict[bytes, Callable[[Traffic, bytes], object | None]]] = {
    commands.ERROR: Traffic.on_error,
    commands.PING: Traffic.on_ping,
    commands.PONG: Traffic.on_pong,
    commands.SUBSCRIBE: Traffic.on_subscribe,
    commands.CANCEL: Traffic.on_cancel,
    commands.JOIN: Traffic.on_join,
    commands.LEAVE: Traffic.on_leave,
}
