"""A raw stream with the surface of a ZMTP connection: each chunk that arrives is a message.

What STREAM sockets speak. There is no greeting and no framing, so nothing can be malformed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from zmqthread.wire.mechanisms.mechanism import ZapRequest
from zmqthread.wire.zmtp.commands import Membership, Subscription
from zmqthread.wire.zmtp.decoder import Input
from zmqthread.wire.zmtp.frames import SEPARATE, Buffer, Message
from zmqthread.wire.zmtp.handshake import UNKNOWN

# libzmq's read size: what programs over STREAM are used to.
CHUNK: Final = 8192


class RawConnection:
    """A connection that is established from the start and passes octets through.

    Attributes and methods as those of the ZMTP Connection; here only what differs.

    Attributes:
        peer: nothing is known of it; its version is (0, 0).
        pending: how many octets a limit left for another `receive`.
    """

    __slots__ = ("_pos", "_rest", "failed", "peer", "pending")

    established: Final = True
    ready_sent: Final = True
    began: Final = 0.0
    has_output: Final = False
    dropped_commands: Final = 0
    wants_input: Final = True
    large: Final[memoryview | None] = None
    zap_request: Final[ZapRequest | None] = None

    def __init__(self) -> None:
        self.peer = UNKNOWN
        self.failed = False
        self.pending = 0
        self._rest = b""
        self._pos = 0

    def data_to_send(self) -> bytes:
        return b""

    def encode(self, messages: Sequence[Message]) -> list[Buffer]:
        """Give the octets of the messages, one after the other."""
        out: list[Buffer] = []
        small: list[Buffer] = []
        for message in messages:
            for frame in message if isinstance(message, tuple) else (message,):
                body = frame if isinstance(frame, bytes) else frame.buffer
                if len(body) < SEPARATE:
                    small.append(body)
                    continue
                out += (b"".join(small), body) if small else (body,)
                small.clear()
        if small:
            out.append(b"".join(small))
        return out

    def receive(self, data: Input, limit: int, now: float) -> list[bytes]:
        """Cut what came into messages of at most 8192 octets; return at most `limit` of them."""
        buf, pos = self._rest, self._pos
        if len(data):
            buf, pos = buf[pos:] + bytes(data), 0
        end = min(len(buf), pos + max(0, limit) * CHUNK)
        out = [buf[start : min(start + CHUNK, end)] for start in range(pos, end, CHUNK)]
        self.pending = len(buf) - end
        self._rest, self._pos = (buf, end) if self.pending else (b"", 0)
        return out

    def large_filled(self, count: int, limit: int, now: float) -> list[bytes]:
        raise RuntimeError("a raw stream has no large frames")

    def encode_subscription(self, item: Subscription | Membership) -> Buffer:
        raise RuntimeError("a raw stream has no subscriptions")

    def zap_reply(
        self, status: int, text: str, user_id: bytes, metadata: bytes, now: float = 0.0
    ) -> None:
        """Nobody has asked."""

    def close(self) -> None:
        """Nothing is half received in a raw stream."""

    def salvage(self) -> list[bytes]:
        return []

    def next_timer(self) -> float | None:
        return None

    def handle_timer(self, now: float) -> None:
        """Nothing is ever due: a raw stream has neither handshake nor heartbeat."""

    def touch(self, now: float) -> None:
        """Nothing depends on signs of life."""
