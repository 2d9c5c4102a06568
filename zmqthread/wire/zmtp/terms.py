"""What a socket brings into every handshake, whoever the peer."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zmqthread.wire.limits import DEFAULT_LIMITS, Heartbeat, Limits
from zmqthread.wire.zmtp.commands import encode_metadata

if TYPE_CHECKING:
    from zmqthread.wire.zmtp.handshake import Peer

#: How many different peers are worth remembering.
_MOST = 16
#: The types whose Identity means something (Z40).
IDENTIFIED = frozenset(("REQ", "DEALER", "ROUTER"))


@dataclass(frozen=True, slots=True)
class Terms:
    """One instance serves any number of connections.

    Attributes:
        socket_type: our type, like "PULL"; octets are taken as well.
        accepts: the types that may talk to ours.
        routing_id: our Identity; sent when it is set and our type may have one.
        metadata: further properties for the peer, as name and value.
        limits: what the peer may make us hold.
        heartbeat: when to ping; None never does. Peers' own PINGs are answered anyway.
        handshake_timeout: seconds until the handshake must be over, 0 for no limit.
        takes_subscriptions: our type is a publisher: SUBSCRIBE and CANCEL, and messages that begin
            with 01 and 00, become Subscribe and Cancel.
        takes_joins: our type is RADIO: JOIN and LEAVE become Join and Leave.
        properties: all that the peer is told of us, in wire form; it follows from the others.
        known: what whole handshakes came to, by what the peer said: who it is, and our answer.
    """

    socket_type: str
    accepts: Container[str]
    routing_id: bytes = b""
    metadata: tuple[tuple[bytes, bytes], ...] = ()
    limits: Limits = DEFAULT_LIMITS
    heartbeat: Heartbeat | None = None
    handshake_timeout: float = 30.0
    takes_subscriptions: bool = False
    takes_joins: bool = False
    properties: bytes = field(init=False)
    known: dict[bytes, tuple[Peer, bytes]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        kind: Any = self.socket_type
        if isinstance(kind, bytes):
            object.__setattr__(self, "socket_type", kind.decode("ascii"))
        own = [(b"Socket-Type", self.socket_type.encode("ascii"))]
        if self.routing_id and self.socket_type in IDENTIFIED:
            own.append((b"Identity", self.routing_id))
        object.__setattr__(self, "properties", encode_metadata((*own, *self.metadata)))

    def keep_in_mind(self, heard: bytes, peer: Peer, answer: bytes) -> None:
        """Remember a handshake; only of mechanisms where the same octets lead to the same end."""
        if len(self.known) >= _MOST:
            self.known.clear()
        self.known[heard] = peer, answer
