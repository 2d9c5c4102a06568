"""The handshake of a connection: what is needed until it is over, and what it tells of the peer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.wire.failures import IncompatiblePeer, malformed, unexpected
from zmqthread.wire.limits import Limits
from zmqthread.wire.zmtp import commands
from zmqthread.wire.zmtp.decoder import oversized
from zmqthread.wire.zmtp.frames import COMMAND, LARGE, MORE
from zmqthread.wire.zmtp.terms import IDENTIFIED, Terms

# fmt: off
SOCKET_TYPES: Final = frozenset((
    "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB",
    "STREAM", "SERVER", "CLIENT", "RADIO", "DISH", "GATHER", "SCATTER", "DGRAM", "PEER", "CHANNEL",
))
# fmt: on
# What others say of the peer; what it says itself under these names is dropped.
_NOT_THE_PEERS: Final = frozenset(("user-id", "peer-address"))


#: Octets of a handshake that are worth remembering: a greeting, a type, a name, and some more.
SHORT: Final = 256


class Peer:
    """What the handshake told about the other side; connections that heard the same share one.

    Attributes:
        socket_type: like "PUSH".
        routing_id: its Identity, empty if it has none or is of a type where it means nothing.
        properties: the metadata by name, with User-Id and the properties from ZAP.
        version: major and minor version of ZMTP.
    """

    __slots__ = ("properties", "routing_id", "socket_type", "version")

    def __init__(self, version: tuple[int, int]) -> None:
        self.version = version
        self.socket_type = ""
        self.routing_id = b""
        self.properties: Mapping[str, bytes] = {}

    @property
    def is_old(self) -> bool:
        """Older than ZMTP 3.1: knows neither subscription commands nor heartbeats."""
        return self.version < (3, 1)


#: A peer that has said nothing yet.
UNKNOWN: Final = Peer((0, 0))


class Setup:
    """What only the handshake needs; dropped when it is over."""

    __slots__ = (
        "began",
        "deadline",
        "greeted",
        "held",
        "ready_sent",
        "terms",
        "waiting",
        "zap_properties",
    )

    def __init__(self, terms: Terms, began: float) -> None:
        self.terms = terms
        self.began = began
        timeout = terms.handshake_timeout
        self.deadline = began + timeout if timeout > 0 else None
        self.held = bytearray()
        self.greeted = False
        self.ready_sent = False
        self.waiting = False  # for the authenticator: nothing is read meanwhile
        self.zap_properties: dict[str, bytes] = {}


def take_command(held: bytearray, limit: int) -> bytes | None:
    """Take the body of the first command off what was received, or None until it is whole.

    Raises:
        ProtocolError: it is no command frame (Z28), or larger than `limit`.
    """
    if len(held) < 2:
        return None
    flags = held[0]
    if not flags & COMMAND:
        raise unexpected("a message before the end of the handshake")
    if flags & MORE:
        raise malformed("MORE on a command")
    start = 2
    size = held[1]
    if flags & LARGE:
        start = 9
        if len(held) < start:
            return None
        size = int.from_bytes(held[1:start])
    if size > limit:
        raise oversized(f"a handshake command of {size} octets, allowed are {limit}")
    if len(held) < start + size:
        return None
    body = bytes(held[start : start + size])
    del held[: start + size]
    return body


def meet(peer: Peer, setup: Setup, metadata: bytes) -> None:
    """Check what the peer says of itself and keep it (Z37 to Z40).

    Raises:
        IncompatiblePeer: the socket types do not go together, or there is more than one.
        ProtocolError: the metadata is malformed or breaks a rule.
    """
    terms = setup.terms
    introduce = _remembered if len(metadata) <= SHORT else _introduce
    kind, routing_id, properties = introduce(metadata, terms.limits.properties)
    if kind not in SOCKET_TYPES or kind not in terms.accepts:
        raise IncompatiblePeer(terms.socket_type, kind[:32])
    if routing_id is None:
        raise commands.invalid_metadata("a bad Identity")
    peer.socket_type = kind
    peer.routing_id = routing_id
    # Of two properties with one name the authenticator's holds.
    peer.properties = {**properties, **setup.zap_properties} if setup.zap_properties else properties


def _introduce(metadata: bytes, most: int) -> tuple[str, bytes | None, Mapping[str, bytes]]:
    """Return a peer's type, its Identity (None: it breaks a rule) and properties.

    A type that there is not stands for several.
    """
    found = commands.parse_properties(metadata, most)
    types = [value for name, value in found if name == commands.SOCKET_TYPE]
    identities = [value for name, value in found if name == commands.IDENTITY]
    if not types:
        raise commands.invalid_metadata("no Socket-Type")
    kind = types[0].decode("ascii", "backslashreplace") if len(types) == 1 else repr(types)
    routing_id: bytes | None = b""
    if len(identities) > 1 or any(len(i) > 255 or i[:1] == b"\x00" for i in identities):
        routing_id = None
    elif identities and kind in IDENTIFIED:
        routing_id = identities[0]
    properties: dict[str, bytes] = {}
    for name, value in found:
        if name.lower() not in _NOT_THE_PEERS:
            properties.setdefault(name, value)  # of two with one name the first holds
    return kind, routing_id, properties


# Nearly all peers say one of a few things.
_remembered = lru_cache(64)(_introduce)


def zap_properties(user_id: bytes | None, metadata: bytes, limits: Limits) -> dict[str, bytes]:
    """The properties of a positive ZAP reply (A09).

    Raises:
        ProtocolError: the metadata is malformed.
    """
    try:
        found = dict(commands.parse_properties(metadata, limits.properties))
    except ProtocolError as error:
        code = Event.PROTOCOL_ERROR_ZAP_INVALID_METADATA
        raise ProtocolError(code, f"ZAP metadata: {error.text}") from error
    return found if user_id is None else found | {"User-Id": user_id}
