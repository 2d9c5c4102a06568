"""The PLAIN mechanism, RFC 24: every command in every state of both roles, P1 to P5."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tests.wire.support import (
    MANY,
    command,
    connection,
    drain,
    frame,
    greeting,
    properties,
    refused,
    sent_commands,
)
from zmqthread.constants import Event, SocketType
from zmqthread.errors import ProtocolError
from zmqthread.options import Options
from zmqthread.wire.failures import AuthenticationRefused, PeerRefused
from zmqthread.wire.mechanisms.mechanism import ZapRequest
from zmqthread.wire.mechanisms.plain import PlainClient, PlainServer
from zmqthread.wire.zmtp.connection import Connection

PULL = properties((b"Socket-Type", b"PULL"))
PUSH = properties((b"Socket-Type", b"PUSH"))
HELLO = command(b"HELLO", b"\4user\6sesame")
WELCOME = command(b"WELCOME")
INITIATE = command(b"INITIATE", PUSH)
READY = command(b"READY", PUSH)
ERROR = command(b"ERROR", b"\x03400")
COMMANDS = {
    "HELLO": HELLO,
    "WELCOME": WELCOME,
    "INITIATE": INITIATE,
    "READY": READY,
    "ERROR": ERROR,
    "MESSAGE": frame(0, b"hello"),
    "PING": command(b"PING", b"\0\0"),
    "WIBBLE": command(b"WIBBLE"),
}


def server(*states: str, **options: Any) -> Connection:
    """A server brought into a state."""
    conn = connection(mechanism=PlainServer(), **options)
    drain(conn, greeting(mechanism=b"PLAIN"))
    if "hello" in states:
        drain(conn, HELLO)
        conn.zap_reply(200, "", b"joe", b"")
    if "done" in states:
        drain(conn, INITIATE)
    conn.data_to_send()
    return conn


def client(*states: str) -> Connection:
    """A client brought into a state."""
    conn = connection(mechanism=PlainClient(b"user", b"sesame"))
    drain(conn, greeting(mechanism=b"PLAIN", as_server=1))
    if "welcome" in states:
        drain(conn, WELCOME)
    if "done" in states:
        drain(conn, READY)
    conn.data_to_send()
    return conn


def test_a_client_says_who_it_is_and_then_what() -> None:
    conn = connection(mechanism=PlainClient(b"user", b"sesame"))
    conn.data_to_send()
    drain(conn, greeting(mechanism=b"PLAIN"))
    assert conn.data_to_send() == HELLO
    drain(conn, WELCOME)
    assert sent_commands(conn.data_to_send()) == [(b"INITIATE", PULL)]
    assert drain(conn, READY + frame(0, b"a")) == [b"a"]
    assert conn.established
    assert conn.peer.socket_type == "PUSH"


def test_a_server_asks_and_then_welcomes() -> None:
    conn = server()
    drain(conn, HELLO)
    assert conn.zap_request == ZapRequest("PLAIN", (b"user", b"sesame"))
    assert not conn.has_output
    conn.zap_reply(200, "", b"joe", b"")
    assert sent_commands(conn.data_to_send()) == [(b"WELCOME", b"")]
    drain(conn, INITIATE)
    assert sent_commands(conn.data_to_send()) == [(b"READY", PULL)]
    assert conn.established
    assert conn.peer.properties["User-Id"] == b"joe"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("state", ["", "hello", "done"])
def test_rfc24_p01_p04_hostile_p2_every_command_in_every_state_of_a_server(
    state: str, name: str
) -> None:
    due = {"": {"HELLO"}, "hello": {"INITIATE"}, "done": {"MESSAGE", "PING", "WIBBLE"}}
    conn = server("hello", state) if state == "done" else server(state)
    if name in due[state]:
        drain(conn, COMMANDS[name])
        assert not conn.failed
    else:
        refused(conn, COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("state", ["", "welcome", "done"])
def test_rfc24_p01_p04_hostile_p2_every_command_in_every_state_of_a_client(
    state: str, name: str
) -> None:
    due = {"": {"WELCOME"}, "welcome": {"READY"}, "done": {"MESSAGE", "PING", "WIBBLE"}}
    conn = client("welcome", state) if state == "done" else client(state)
    if name in due[state]:
        drain(conn, COMMANDS[name])
        assert not conn.failed
        return
    error = refused(conn, COMMANDS[name])
    assert isinstance(error, PeerRefused) == (name == "ERROR")


BODY = b"\4user\6sesame"


@pytest.mark.parametrize("end", range(len(BODY)))
def test_rfc24_p02_hostile_p1_hello_cut_short(end: int) -> None:
    error = refused(server(), command(b"HELLO", BODY[:end]))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO


@pytest.mark.parametrize("data", [BODY + b"\0", b"\xffuser\6sesame", b"\4user\xffsesame"])
def test_rfc24_p02_hostile_p1_hello_with_wrong_lengths(data: bytes) -> None:
    error = refused(server(), command(b"HELLO", data))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO


def test_rfc24_p03_welcome_has_no_data() -> None:
    error = refused(client(), command(b"WELCOME", b"x"))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME


def test_rfc24_p01_hostile_p2_hello_and_initiate_at_once_wait_for_the_authenticator() -> None:
    conn = server()
    drain(conn, HELLO + INITIATE + frame(0, b"early"))
    assert not conn.established
    with pytest.raises(AuthenticationRefused):
        conn.zap_reply(400, "", b"", b"")
    assert conn.salvage() == []


@pytest.mark.parametrize(
    ("user", "password"), [(b"", b""), (b"a\0b", b"\0"), (b"u" * 255, b"p" * 255)]
)
def test_rfc24_p05_hostile_p3_credentials_of_every_kind_reach_the_authenticator(
    user: bytes, password: bytes
) -> None:
    here, there = server(), connection("PUSH", mechanism=PlainClient(user, password))
    drain(there, greeting(mechanism=b"PLAIN"))
    drain(here, there.data_to_send()[64:])
    assert here.zap_request == ZapRequest("PLAIN", (user, password))


def test_hostile_p5_two_servers_close_at_the_greeting() -> None:
    refused(connection(mechanism=PlainServer()), greeting(mechanism=b"PLAIN", as_server=1))


def test_hostile_p5_two_clients_close_at_hello() -> None:
    refused(client(), HELLO)


def test_rfc24_p04_messages_have_to_wait_for_ready() -> None:
    """A server's may follow its READY at once, a client has to have read it."""
    conn = server("hello")
    with pytest.raises(RuntimeError):
        conn.encode([b"a"])
    drain(conn, INITIATE)
    assert conn.has_output
    assert conn.encode([b"a"])
    conn = client("welcome")
    with pytest.raises(RuntimeError):
        conn.encode([b"a"])
    drain(conn, READY)
    assert conn.encode([b"a"])


@pytest.mark.parametrize("status", [400, 500])
def test_refusals_send_error(status: int) -> None:
    conn = server()
    drain(conn, HELLO)
    with pytest.raises(AuthenticationRefused):
        conn.zap_reply(status, "", b"", b"")
    assert sent_commands(conn.data_to_send()) == [(b"ERROR", b"\x03%d" % status)]


def test_300_is_silent() -> None:
    conn = server()
    drain(conn, HELLO)
    conn.zap_reply(300, "", b"", b"")
    assert drain(conn, INITIATE) == []
    assert not conn.has_output
    assert not conn.established


def test_rfc24_p07_error_is_understood_in_both_spellings_and_sent_in_the_right_one() -> None:
    for octets in (ERROR, frame(4, b"\x5eRROR\x03400")):
        error = refused(client(), octets)
        assert isinstance(error, PeerRefused)
        assert error.status == 400
    conn = server()
    drain(conn, HELLO)
    with pytest.raises(AuthenticationRefused):
        conn.zap_reply(400, "", b"", b"")
    assert conn.data_to_send() == frame(4, b"\5ERROR\x03400")


def test_hostile_g11_null_and_old_versions_are_no_way_round() -> None:
    for octets in (
        greeting() + command(b"READY", PUSH) + frame(0, b"a"),
        b"\x01\x00\x03\x00hi",
        b"\xff" + bytes(8) + b"\x7f\x01\x08\0\0\0\x02hi",
    ):
        refused(connection(mechanism=PlainServer()), octets)


def test_passwords_are_in_no_repr_and_in_no_pickle() -> None:
    request = ZapRequest("PLAIN", (b"user", b"sesame"))
    assert "sesame" not in repr(request)
    mechanism = PlainClient(b"user", b"sesame")
    assert "sesame" not in repr(mechanism)
    with pytest.raises(TypeError):
        pickle.dumps(mechanism)


def test_incompatible_types_are_told_by_the_server_only() -> None:
    conn = server("hello", accepts=frozenset())
    with pytest.raises(ProtocolError):
        conn.receive(INITIATE, MANY, 0.0)
    assert sent_commands(conn.data_to_send()) == [(b"ERROR", b"\x13Invalid socket type")]


def test_no_request_and_no_options_are_pickled() -> None:
    for thing in (ZapRequest("PLAIN", (b"user", b"sesame")), Options(SocketType.PULL)):
        with pytest.raises(TypeError):
            pickle.dumps(thing)
