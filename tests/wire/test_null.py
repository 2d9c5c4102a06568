"""The NULL mechanism, with and without an authenticator: Z26 to Z28, A03 to A11."""

from __future__ import annotations

import pytest

from tests.wire.support import (
    MANY,
    command,
    connection,
    drain,
    frame,
    greeting,
    properties,
    ready,
    refused,
    sent_commands,
)
from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.wire.failures import AuthenticationRefused, HandshakeTimeout
from zmqthread.wire.mechanisms.mechanism import ZapRequest
from zmqthread.wire.mechanisms.null import Null
from zmqthread.wire.zmtp.connection import Connection

OURS = properties((b"Socket-Type", b"PULL"))


def asking(data: bytes = b"") -> Connection:
    """A connection that waits for the authenticator."""
    conn = connection(mechanism=Null(ask_zap=True), handshake_timeout=5.0)
    assert drain(conn, greeting() + data) == []
    conn.data_to_send()
    assert conn.zap_request == ZapRequest("NULL", ())
    assert not conn.wants_input
    assert not conn.established
    return conn


def test_zap_is_not_asked_without_a_domain() -> None:
    conn = connection()
    drain(conn, greeting())
    assert conn.zap_request is None
    assert conn.wants_input


def test_rfc27_a08_200_goes_on_and_ready_is_sent_only_then() -> None:
    conn = asking()
    assert not conn.has_output
    conn.zap_reply(200, "", b"user", properties((b"X-from", b"zap")))
    assert sent_commands(conn.data_to_send()) == [(b"READY", OURS)]
    assert conn.zap_request is None
    assert conn.wants_input
    assert drain(conn, ready() + frame(0, b"a")) == [b"a"]
    assert conn.peer.properties == {
        "Socket-Type": b"PUSH",
        "User-Id": b"user",
        "X-from": b"zap",
    }


def test_rfc27_a09_the_authenticators_properties_hold_over_the_peers() -> None:
    conn = asking(ready(b"PUSH", (b"User-Id", b"root"), (b"X-a", b"peer")))
    conn.zap_reply(200, "", b"guest", properties((b"X-a", b"zap")))
    assert conn.established
    assert conn.peer.properties["User-Id"] == b"guest"
    assert conn.peer.properties["X-a"] == b"zap"


def test_what_the_authenticator_says_of_one_peer_is_not_said_of_the_next_like_it() -> None:
    first, second = asking(ready()), connection()
    first.zap_reply(200, "", b"joe", properties((b"X-from", b"zap")))
    drain(second, greeting() + ready())
    third = asking(ready())
    third.zap_reply(200, "", None, b"")
    assert first.peer.properties["User-Id"] == b"joe"
    assert second.peer.properties == third.peer.properties == {"Socket-Type": b"PUSH"}


def test_null_does_not_transform_frames() -> None:
    assert not Null.transforms
    with pytest.raises(NotImplementedError):
        Null().wrap(0, b"a")
    with pytest.raises(NotImplementedError):
        Null().unwrap(0, b"a")


def test_what_comes_early_waits_for_the_answer() -> None:
    conn = asking(ready() + frame(0, b"early") + frame(1, b"b"))
    early = conn.pending
    assert not early
    conn.zap_reply(200, "", b"", b"")
    assert conn.established
    assert conn.pending
    assert conn.receive(b"", MANY, 0.0) == [b"early"]
    assert drain(conn, frame(0, b"c")) == [(b"b", b"c")]


def test_too_much_that_comes_early_closes() -> None:
    conn = asking(ready() + frame(0, bytes(70_000)))
    refused(conn, b"x")


@pytest.mark.parametrize("status", [400, 500])
def test_rfc27_a08_z1_refusals_send_error_and_close(status: int) -> None:
    conn = asking(ready())
    with pytest.raises(AuthenticationRefused) as caught:
        conn.zap_reply(status, "no", b"", b"")
    assert caught.value.status == status
    assert sent_commands(conn.data_to_send()) == [(b"ERROR", b"\x03%d" % status)]
    assert conn.failed
    assert not conn.established


def test_rfc27_a08_z1_300_is_silent_until_the_timer() -> None:
    conn = asking()
    conn.zap_reply(300, "later", b"", b"")
    assert drain(conn, ready() + frame(0, b"a")) == []
    assert not conn.has_output
    assert not conn.established
    conn.zap_reply(200, "", b"", b"")
    assert not conn.established
    with pytest.raises(HandshakeTimeout):
        conn.handle_timer(5.0)


@pytest.mark.parametrize("status", [0, 201, 999, -200])
def test_rfc27_a07_z2_other_statuses_close(status: int) -> None:
    conn = asking(ready())
    with pytest.raises(ProtocolError) as caught:
        conn.zap_reply(status, "", b"", b"")
    assert caught.value.code == Event.PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE
    assert conn.failed


@pytest.mark.parametrize("metadata", [b"\x01", b"\0\0\0\0\0", b"\x01a\xff\xff\xff\xff"])
def test_rfc27_a09_z2_malformed_metadata_closes(metadata: bytes) -> None:
    conn = asking(ready())
    with pytest.raises(ProtocolError) as caught:
        conn.zap_reply(200, "", b"", metadata)
    assert caught.value.code == Event.PROTOCOL_ERROR_ZAP_INVALID_METADATA
    assert conn.failed


def test_rfc27_a11_z3_a_silent_authenticator_ends_at_the_timer() -> None:
    conn = asking(ready())
    assert conn.next_timer() == 5.0
    with pytest.raises(HandshakeTimeout):
        conn.handle_timer(5.0)
    assert conn.zap_request is None


def test_z4_a_second_reply_and_one_nobody_asked_for_are_dropped() -> None:
    conn = asking(ready())
    conn.zap_reply(200, "", b"one", b"")
    conn.zap_reply(400, "", b"two", b"")
    assert conn.established
    assert conn.peer.properties["User-Id"] == b"one"
    other = connection()
    other.zap_reply(400, "", b"", b"")
    assert not other.failed


def test_a_malformed_ready_that_waited_is_found_after_the_answer() -> None:
    conn = asking(command(b"READY", b"\1"))
    with pytest.raises(ProtocolError):
        conn.zap_reply(200, "", b"", b"")
    assert conn.failed
