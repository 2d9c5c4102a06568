"""Commands and metadata as octets: Z22, Z29 to Z34, Z47, Z49 to Z51."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.message import Cancel, Join, Leave, Subscribe
from zmqthread.wire.failures import PeerRefused
from zmqthread.wire.limits import DEFAULT_LIMITS, Limits
from zmqthread.wire.zmtp import commands


def test_rfc37_z22_a_command_is_a_name_with_its_length_and_data() -> None:
    assert commands.encode(b"PING", b"\0\x19") == b"\x04\x07\x04PING\x00\x19"
    assert commands.split(b"\x04PING\x00\x19") == (b"PING", b"\x00\x19")


@pytest.mark.parametrize("body", [b"", b"\0", b"\0PING", b"\x05PING", b"\xff" + bytes(254)])
def test_rfc37_z22_bad_names_are_malformed(body: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        commands.split(body)
    assert caught.value.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED


def test_rfc37_z22_a_name_has_up_to_255_octets() -> None:
    name = b"N" * 255
    assert commands.split(b"\xff" + name) == (name, b"")


@pytest.mark.parametrize("name", [b"READY", b"ERROR", b"PING", b"PONG", b"SUBSCRIBE", b"CANCEL"])
def test_rfc37_z25_names_are_visible_and_printable(name: bytes) -> None:
    assert getattr(commands, name.decode()) == name
    assert commands.encode(name, b"")[2:] == bytes((len(name),)) + name


names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255)


@given(st.lists(st.tuples(names, st.binary(max_size=500)), max_size=20))
def test_rfc37_z29_z32_properties_come_back_as_they_were(pairs: list[tuple[str, bytes]]) -> None:
    data = commands.encode_metadata((name.encode(), value) for name, value in pairs)
    found = commands.parse_properties(data, DEFAULT_LIMITS.properties)
    assert [value for _, value in found] == [value for _, value in pairs]
    assert [name.lower() for name, _ in found] == [name.lower() for name, _ in pairs]


@given(st.binary(max_size=100))
def test_any_octets_are_properties_or_invalid_metadata(data: bytes) -> None:
    try:
        found = commands.parse_properties(data, DEFAULT_LIMITS.properties)
    except ProtocolError as error:
        code = error.code
    else:
        code = Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA
        again = commands.encode_metadata((name.encode(), value) for name, value in found)
        assert len(again) == len(data)
    assert code == Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA


@pytest.mark.parametrize(
    ("ttl", "tenths"),
    [(0, 0), (0.1, 1), (2.5, 25), (65.6, 656), (6553.5, 65535), (10_000, 65535), (-1, 0)],
)
def test_rfc37_z49_ttl_goes_out_in_tenths(ttl: float, tenths: int) -> None:
    assert commands.encode_ping(ttl, b"ctx") == (b"PING", tenths.to_bytes(2) + b"ctx")


@pytest.mark.parametrize(("tenths", "ttl"), [(0, 0.0), (5, 0.5), (656, 65.6), (65535, 6553.5)])
def test_rfc37_z49_b4_b5_ttl_comes_in_as_seconds(tenths: int, ttl: float) -> None:
    assert commands.parse_ping(tenths.to_bytes(2)) == (ttl, b"")


@pytest.mark.parametrize("reason", ["", "400", "x" * 255])
def test_rfc37_z34_errors_come_back_as_they_were(reason: str) -> None:
    name, data = commands.encode_error(reason)
    error = commands.parse_error(data)
    assert name == b"ERROR"
    assert isinstance(error, PeerRefused)
    assert error.reason == reason


def test_rfc37_z34_a_long_reason_is_cut() -> None:
    _, data = commands.encode_error("x" * 300 + "\N{SNOWMAN}")
    assert data == b"\xff" + b"x" * 255


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Subscribe(b"topic"), (b"SUBSCRIBE", b"topic")),
        (Cancel(b""), (b"CANCEL", b"")),
        (Join(b"group"), (b"JOIN", b"group")),
        (Leave(b"group"), (b"LEAVE", b"group")),
    ],
)
def test_rfc37_z44_z47_items_have_their_commands(
    item: Subscribe | Cancel | Join | Leave, expected: tuple[bytes, bytes]
) -> None:
    assert commands.encode_item(item) == expected


@pytest.mark.parametrize("group", [b"a\0", b"\0", b"g" * 256])
def test_rfc37_z47_bad_groups_are_malformed(group: bytes) -> None:
    with pytest.raises(ProtocolError):
        commands.parse_group(Join, group)


def test_rfc37_z47_groups_have_up_to_255_octets() -> None:
    assert commands.parse_group(Leave, b"g" * 255) == Leave(b"g" * 255)
    assert commands.parse_group(Join, b"") == Join(b"")


def test_u1_the_topic_cap_is_exact() -> None:
    limits = Limits(topic=3)
    assert commands.parse_topic(Subscribe, b"abc", limits) == Subscribe(b"abc")
    with pytest.raises(ProtocolError):
        commands.parse_topic(Cancel, b"abcd", limits)
