"""The datagrams of RADIO: group and body, and what makes no sense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmqthread.errors import ProtocolError
from zmqthread.message import Frame
from zmqthread.wire.udp import decode, encode, octets

GROUPS = st.binary(max_size=255).filter(lambda group: 0 not in group)


@given(GROUPS, st.binary())
def test_there_and_back(group: bytes, body: bytes) -> None:
    assert decode(memoryview(encode(group, body))) == (group, body)


def test_as_libzmq_writes_it() -> None:
    assert encode(b"TV", b"Friends") == b"\x02TVFriends"
    assert encode(b"", b"") == b"\0"
    assert encode(b"g" * 255, b"x") == b"\xff" + b"g" * 255 + b"x"


def test_a_shared_frame_is_read_in_place() -> None:
    memory = bytearray(b"shared")
    frame = Frame.shared(memory)
    assert encode(b"g", frame) == b"\x01gshared"
    memory[:1] = b"S"
    assert bytes(octets(frame)) == b"Shared"
    assert octets(b"plain") == b"plain"


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 254, 255])
def test_hostile_x1_a_group_of_any_length(size: int) -> None:
    """A length of 128 and more is no negative number (libzmq e357cd32)."""
    datagram = bytes((size,)) + b"g" * size + b"body"
    assert decode(memoryview(datagram)) == (b"g" * size, b"body")
    assert decode(memoryview(datagram[:-4])) == (b"g" * size, b"")


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\x01", b"\x02g", b"\x80" + b"g" * 127, b"\xff", b"\xffA", b"\xff" + b"g" * 254],
)
def test_hostile_x1_a_group_past_the_end(datagram: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(memoryview(datagram))


@pytest.mark.parametrize("group", [b"\0", b"a\0", b"\0a", b"a\0b"])
def test_rfc48_t07_a_zero_octet_in_a_group_from_the_wire(group: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(memoryview(bytes((len(group),)) + group + b"body"))


@given(st.binary(max_size=600))
def test_any_datagram_is_a_message_or_a_protocol_error(datagram: bytes) -> None:
    try:
        group, body = decode(memoryview(datagram))
    except ProtocolError:
        return
    assert encode(group, body) == datagram
