"""ZMTP 3.x commands (RFC 37): bodies, metadata, and the ones that run after the handshake."""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.message import Cancel, Join, Leave, Subscribe
from zmqthread.wire.failures import PeerRefused, malformed
from zmqthread.wire.limits import Limits
from zmqthread.wire.zmtp.frames import COMMAND, header

__all__ = ["Cancel", "Command", "Join", "Leave", "Subscribe"]

Command = tuple[bytes, bytes]
Subscription = Subscribe | Cancel
Membership = Join | Leave

READY: Final = b"READY"
ERROR: Final = b"ERROR"
PING: Final = b"PING"
PONG: Final = b"PONG"
SUBSCRIBE: Final = b"SUBSCRIBE"
CANCEL: Final = b"CANCEL"
JOIN: Final = b"JOIN"
LEAVE: Final = b"LEAVE"

CONTEXT_MAX: Final = 16
TTL_MAX: Final = 65535
GROUP_MAX: Final = 255
VALUE_MAX: Final = 2**31 - 1

# The known names, for comparison without regard to case (Z30).
SOCKET_TYPE: Final = "Socket-Type"
IDENTITY: Final = "Identity"
_CANONICAL: Final = {name.lower(): name for name in (SOCKET_TYPE, IDENTITY, "Resource")}

_U32: Final = Struct(">I")
_U16: Final = Struct(">H")


# -- bodies ------------------------------------------------------------------------------------


def body_of(name: bytes, data: bytes = b"") -> bytes:
    """The body of a command frame: length of the name, name, data."""
    return bytes((len(name),)) + name + data


def frame_of(body: bytes) -> bytes:
    """A whole command frame around a body."""
    return header(COMMAND, len(body)) + body


def encode(name: bytes, data: bytes = b"") -> bytes:
    """A whole command frame."""
    return frame_of(body_of(name, data))


def split(body: bytes) -> Command:
    """Take name and data apart (Z22).

    Raises:
        ProtocolError: the body is empty, the name has no length or goes past the end.
    """
    if not body:
        raise malformed("an empty command")
    end = body[0] + 1
    if end == 1 or end > len(body):
        raise malformed("a command with a bad name length")
    return body[1:end], body[end:]


# -- metadata ----------------------------------------------------------------------------------


def invalid_metadata(text: str) -> ProtocolError:
    """The error for metadata that breaks its grammar or its rules."""
    return ProtocolError(Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA, text)


def encode_metadata(properties: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Properties in wire form, in the order given."""
    return b"".join(
        bytes((len(name),)) + name + _U32.pack(len(value)) + value for name, value in properties
    )


def parse_properties(data: bytes, most: int) -> list[tuple[str, bytes]]:
    """Take metadata apart (Z29 to Z32). Known names come out in their usual spelling.

    Raises:
        ProtocolError: metadata cut anywhere, an empty or unprintable name, a value of 2^31 octets
            or more, too many properties.
    """
    out: list[tuple[str, bytes]] = []
    pos = 0
    end = len(data)
    while pos < end:
        if len(out) == most:
            raise invalid_metadata(f"more than {most} properties")
        value_at = pos + 1 + data[pos] + 4
        raw = data[pos + 1 : value_at - 4]
        if value_at > end:
            raise invalid_metadata("a property is cut short")
        (size,) = _U32.unpack_from(data, value_at - 4)
        if size > VALUE_MAX or size > end - value_at:
            raise invalid_metadata("a property value goes past the end")
        name = raw.decode("latin-1")
        if not raw or not (name.isascii() and name.isprintable()):
            raise invalid_metadata("a property without a proper name")
        pos = value_at + size
        out.append((_CANONICAL.get(name.lower(), name), data[value_at:pos]))
    return out


# -- ERROR -------------------------------------------------------------------------------------


def encode_error(reason: str) -> Command:
    """Name and data of an ERROR command with a reason of at most 255 octets."""
    text = reason.encode("ascii", "replace")[:255]
    return ERROR, bytes((len(text),)) + text


def parse_error(data: bytes) -> ProtocolError:
    """The exception for an ERROR command: what the peer said, or that it is malformed (Z34)."""
    if not data or data[0] + 1 != len(data):
        return ProtocolError(
            Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR, "ERROR with a bad reason length"
        )
    return PeerRefused(data[1:].decode("ascii", "backslashreplace"))


# -- heartbeat ---------------------------------------------------------------------------------


def encode_ping(ttl: float, context: bytes = b"") -> Command:
    """Name and data of a PING. `ttl` is in seconds and goes out in tenths, at most 65535."""
    return PING, _U16.pack(min(TTL_MAX, max(0, round(ttl * 10)))) + context


def parse_ping(data: bytes) -> tuple[float, bytes]:
    """TTL in seconds and context of a PING; the context is cut to 16 octets (Z49 to Z51)."""
    if len(data) < 2:
        raise malformed("PING without a TTL")
    return _U16.unpack_from(data)[0] / 10, data[2 : 2 + CONTEXT_MAX]


# -- subscriptions and groups ------------------------------------------------------------------

_NAMES: Final = {Subscribe: SUBSCRIBE, Cancel: CANCEL, Join: JOIN, Leave: LEAVE}


def parse_topic(kind: type[Subscription], topic: bytes, limits: Limits) -> Subscription:
    """A subscription to `topic`, from a command or an old-style message (Z44, Z46)."""
    if len(topic) > limits.topic:
        raise malformed(f"a topic of {len(topic)} octets, allowed are {limits.topic}")
    return kind(topic)


def parse_group(kind: type[Membership], group: bytes) -> Membership:
    """A change of group membership (Z47)."""
    if len(group) > GROUP_MAX or 0 in group:
        raise malformed("a group name that is too long or holds a zero octet")
    return kind(group)


def encode_item(item: Subscription | Membership) -> Command:
    """Name and data of the command for a subscription or membership."""
    data = item.topic if isinstance(item, Subscribe | Cancel) else item.group
    return _NAMES[type(item)], data


def encode_old_subscription(item: Subscription) -> bytes:
    """The message that ZMTP 3.0 and older peers understand: 01 or 00 and the topic (Z46)."""
    return (b"\x01" if isinstance(item, Subscribe) else b"\x00") + item.topic
