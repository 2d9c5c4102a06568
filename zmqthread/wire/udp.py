"""What RADIO puts into a datagram: the length of the group (one octet), the group, the body.

There is no handshake and no reply: each datagram stands for itself, and one that makes no sense
says nothing about the next. DGRAM sockets use no format at all.
"""

from __future__ import annotations

from zmqthread.message import Frame
from zmqthread.wire.failures import malformed

Body = bytes | Frame


def octets(body: Body) -> bytes | memoryview:
    """The contents of a frame, as they lie in memory."""
    return body if isinstance(body, bytes) else body.buffer


def encode(group: bytes, body: Body) -> bytes:
    """The datagram for a message to a group of at most 255 octets."""
    return b"".join((bytes((len(group),)), group, octets(body)))


def decode(datagram: memoryview) -> tuple[bytes, bytes]:
    """Group and body of a datagram.

    Raises:
        ProtocolError: it is empty, its group goes past its end, or the group has a zero octet.
    """
    if not datagram:
        raise malformed("a datagram without the length of its group")
    end = 1 + datagram[0]
    if end > len(datagram):
        raise malformed("a datagram that ends before its group does")
    group = bytes(datagram[1:end])
    if 0 in group:
        raise malformed("a group name that holds a zero octet")
    return group, bytes(datagram[end:])
