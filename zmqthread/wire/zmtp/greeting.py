"""The ZMTP greeting (RFC 37, "Greeting"): 64 octets that settle version and mechanism."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError

SIZE = 64
SIGNATURE_SIZE = 10
MAJOR = 3
MINOR = 1
# The 8 padding octets are ignored by 3.x. With this value the signature also reads as the header
# of a ZMTP 1.0 identity frame of one octet, which is what libzmq sends.
SIGNATURE = b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f"


class Greeting(NamedTuple):
    """What a greeting says.

    Attributes:
        version: major and minor version of the peer.
        mechanism: the mechanism field, 20 octets with their padding.
        as_server: the peer claims the server role. libzmq always sends 0.
    """

    version: tuple[int, int]
    mechanism: bytes
    as_server: bool


@lru_cache(8)
def padded(name: bytes) -> bytes:
    """The mechanism field for a name of at most 20 octets."""
    return name.ljust(20, b"\x00")


@lru_cache(8)
def encode(mechanism: bytes, as_server: bool) -> bytes:
    """Our own greeting, all 64 octets (Z03)."""
    role = b"\x01" if as_server else b"\x00"
    return SIGNATURE + bytes((MAJOR, MINOR)) + padded(mechanism) + role + bytes(31)


def version_of(data: bytes | bytearray) -> int | None:
    """The major version that the first octets show, or None while they do not show it yet.

    1 and 2 stand for ZMTP 1.0 and 2.0 (revision 0, 1 or 2 of the old signature, Z56), 3 for 3.x
    and anything newer (Z04).
    """
    if not data:
        return None
    if data[0] != 0xFF:
        return 1
    if len(data) < SIGNATURE_SIZE:
        return None
    if not data[9] & 1:
        return 1
    if len(data) == SIGNATURE_SIZE:
        return None
    return 3 if data[SIGNATURE_SIZE] >= MAJOR else 2


def refuse_old(data: bytes | bytearray) -> None:
    """Refuse a peer older than ZMTP 3.0, as soon as its first octets show that (Z05).

    Raises:
        ProtocolError: it is one.
    """
    version = version_of(data)
    if version is not None and version < MAJOR:
        why = f"the peer speaks ZMTP {version}.0 or no ZMTP at all"
        raise ProtocolError(Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED, why)


# Nearly all peers send one of a few, and what they share is made once.
@lru_cache(32)
def parse(data: bytes) -> Greeting:
    """Read a whole greeting of 64 octets. The filler is ignored (Z10).

    Raises:
        ProtocolError: it is none of 3.x.
    """
    refuse_old(data)
    return Greeting((data[10], data[11]), data[12:32], bool(data[32]))
