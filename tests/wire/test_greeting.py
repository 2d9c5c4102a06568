"""The greeting: Z01 to Z13 of the conformance list, G1 to G13 of the hostile inputs."""

from __future__ import annotations

import random

import pytest

from tests.wire.support import MANY, connection, drain, greeting, opening, ready, refused
from zmqthread.constants import Event
from zmqthread.wire.failures import HandshakeTimeout, MechanismMismatch
from zmqthread.wire.mechanisms.mechanism import Mechanism
from zmqthread.wire.zmtp.greeting import encode, parse, version_of


def test_rfc37_z03_all_64_octets_are_sent_at_once() -> None:
    conn = connection()
    sent = conn.data_to_send()
    assert len(sent) == 64
    assert sent[0] == 0xFF
    assert sent[9] == 0x7F
    assert sent[10:12] == b"\x03\x01"
    assert sent[12:32] == b"NULL" + bytes(16)
    assert conn.data_to_send() == b""
    assert not conn.has_output


@pytest.mark.parametrize("name", [b"NULL", b"PLAIN", b"CURVE", b"GSSAPI", b"M" * 20])
def test_rfc37_z08_one_mechanism_is_announced_padded_with_zeros(name: bytes) -> None:
    assert encode(name, as_server=False)[12:32] == name + bytes(20 - len(name))


def test_rfc37_z09_z10_role_and_filler_are_zero_for_null() -> None:
    assert connection().data_to_send()[32:] == bytes(32)


def test_rfc37_z13_the_server_role_is_sent() -> None:
    assert encode(b"PLAIN", as_server=True)[32] == 1
    assert parse(encode(b"PLAIN", as_server=True)) == ((3, 1), b"PLAIN" + bytes(15), True)


def test_rfc37_z01_g6_the_padding_is_not_looked_at() -> None:
    octets = random.Random(6).randbytes(8)
    data = b"\xff" + octets + b"\x01" + opening()[10:]
    conn = connection()
    drain(conn, data)
    assert conn.established


@pytest.mark.parametrize("size", range(11))
def test_rfc37_z02_a_version_shows_after_11_octets(size: int) -> None:
    assert version_of(greeting()[:size]) is None
    assert version_of(greeting()[:11]) == 3


@pytest.mark.parametrize("version", [(3, 0), (3, 1), (3, 2), (3, 255), (4, 0), (255, 255)])
def test_rfc37_z04_g8_newer_versions_are_talked_to(version: tuple[int, int]) -> None:
    conn = connection()
    drain(conn, opening(major=version[0], minor=version[1]))
    assert conn.established
    assert conn.peer.version == version


@pytest.mark.parametrize("major", [0, 1, 2])
def test_rfc37_z05_g8_g9_revisions_below_3_are_refused_at_the_eleventh_octet(major: int) -> None:
    conn = connection()
    drain(conn, greeting()[:10])
    error = refused(conn, bytes((major,)))
    assert "2.0" in error.text


@pytest.mark.parametrize(
    "data",
    [
        b"\x01\x00",
        b"\x00",
        b"G",
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01",
        b"SSH-2.0-x",
        b"\x01\x00\x03\x00hi",
        b"\xff" + bytes(8) + b"\x7e",
        b"\xff" + b"\xff" * 7 + b"\xda\x00" + b"A" * 5000,
        b"\xff" + bytes(8) + b"\x7f\x01\x08\x00\x00\x00\x02hi",
    ],
)
def test_rfc37_z05_z56_z57_g4_g5_g13_octets_that_are_no_zmtp_3_are_refused_at_once(
    data: bytes,
) -> None:
    refused(connection(), data)


def test_rfc37_z06_our_greeting_is_there_when_theirs_is_refused() -> None:
    conn = connection()
    refused(conn, greeting(mechanism=b"CURVE"))
    assert len(conn.data_to_send()) == 64


@pytest.mark.parametrize(
    "name",
    [b"WIBBLE", b"null", b"NULLX", b"", b"\xff" * 20, b"NULL\0junk", b"CURVE", b"PLAIN"],
)
def test_rfc37_z07_g10_the_mechanism_must_match_in_all_20_octets(name: bytes) -> None:
    conn = connection()
    error = refused(conn, greeting(mechanism=name) + ready())
    assert isinstance(error, MechanismMismatch)
    assert error.code == 0x11000002
    assert not conn.established


class Served(Mechanism):
    """A mechanism with roles that says nothing."""

    name = b"ROLES"
    handshake_names = frozenset({b"HELLO"})

    def begin(self, metadata: bytes) -> None:
        """Wait for the peer."""

    def receive(self, name: bytes, data: bytes) -> None:
        raise AssertionError

    def commands(self) -> list[tuple[bytes, bytes]]:
        return []

    def zap_reply(self, status: int) -> None:
        raise AssertionError


def test_rfc37_z13_two_servers_are_a_clash_and_a_server_that_says_0_is_none() -> None:
    refused(connection(mechanism=Served(as_server=True)), greeting(mechanism=b"ROLES", as_server=1))
    for ours, theirs in ((True, 0), (False, 1), (False, 0)):
        conn = connection(mechanism=Served(as_server=ours))
        drain(conn, greeting(mechanism=b"ROLES", as_server=theirs))
        assert not conn.failed


@pytest.mark.parametrize("data", [b"\x01\x00\x03\x00hi", greeting(major=1), greeting()])
def test_rfc37_z11_z12_cve_2014_9721_neither_old_versions_nor_null_get_around_security(
    data: bytes,
) -> None:
    refused(connection(mechanism=Served(as_server=True)), data)


def test_rfc37_z09_z10_g7_role_and_filler_are_ignored_with_null() -> None:
    conn = connection()
    drain(conn, greeting(as_server=1)[:33] + b"\xee" * 31 + ready())
    assert conn.established


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 12, 32, 63, 64])
def test_g1_g3_silence_ends_at_the_timer(size: int) -> None:
    conn = connection(handshake_timeout=1.0, now=100.0)
    assert conn.next_timer() == 101.0
    conn.receive(greeting()[:size], MANY, 100.5)
    conn.handle_timer(100.9)
    with pytest.raises(HandshakeTimeout) as caught:
        conn.handle_timer(101.0)
    assert caught.value.code == Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED
    assert conn.failed


def test_g2_progress_does_not_move_the_deadline() -> None:
    conn = connection(handshake_timeout=1.0, now=0.0)
    for index, octet in enumerate(greeting()[:5]):
        conn.receive(bytes((octet,)), MANY, index * 0.2)
    assert conn.next_timer() == 1.0


def test_no_handshake_timeout_means_no_timer() -> None:
    assert connection(handshake_timeout=0).next_timer() is None


def test_the_timer_is_gone_once_established() -> None:
    conn = connection(handshake_timeout=1.0)
    drain(conn, opening())
    assert conn.next_timer() is None
    conn.handle_timer(50.0)
    assert conn.established
