"""Hostile input to secured sockets; after each a good peer is still served: hostile-peers 7."""

from __future__ import annotations

import pytest

import zmqthread as zmq
from tests.security.worlds import (
    CURVE_CLIENT,
    CURVE_SERVER,
    MECHANISMS,
    PLAIN_CLIENT,
    PLAIN_SERVER,
    Request,
    Secured,
    accept,
    curve_keys,
    event,
)
from tests.support import LOOPBACK, RawClient, milliseconds
from tests.wire import curve as peers
from tests.wire.support import command, frame, greeting, properties
from zmqthread.constants import Event

GOOD_HELLO = command(b"HELLO", b"\4user\6sesame")
PUSH = properties((b"Socket-Type", b"PUSH"))
PROTOCOL = int(Event.HANDSHAKE_FAILED_PROTOCOL)

PLAIN_INPUTS = {
    "p1 empty": command(b"HELLO"),
    "p1 cut": command(b"HELLO", b"\4user\6ses"),
    "p1 length": command(b"HELLO", b"\xffuser\6sesame"),
    "p1 trailing": command(b"HELLO", b"\4user\6sesame\0"),
    "p2 initiate first": command(b"INITIATE", PUSH),
    "p2 hello twice": GOOD_HELLO + GOOD_HELLO,
    "p2 message first": frame(0, b"hello"),
    "p2 message after hello": GOOD_HELLO + frame(0, b"hello"),
    "p2 ready": command(b"READY", PUSH),
    "h12 huge": b"\x06" + (1 << 40).to_bytes(8),
}


@pytest.mark.parametrize("case", PLAIN_INPUTS)
def test_hostile_p1_p2_input_to_a_plain_server(case: str, world: Secured) -> None:
    world.handler()
    sock, port, monitor = world.server(**PLAIN_SERVER)
    with RawClient(port) as raw:
        raw.send(greeting(mechanism=b"PLAIN") + PLAIN_INPUTS[case])
        raw.receive_until_closed()
    assert event(monitor)[0] == PROTOCOL
    world.still_serves(sock, port, **PLAIN_CLIENT)
    assert sock.poll(0) == 0


@pytest.mark.parametrize(
    "credentials",
    [(b"", b""), (b"us\0er", b"\0"), (b"u" * 255, b"p" * 255)],
    ids=["empty", "NUL", "255"],
)
def test_hostile_p3_the_authenticator_decides_on_any_credentials(
    credentials: tuple[bytes, bytes], world: Secured
) -> None:
    handler = world.handler(lambda r: accept(r) if b"user" in r else refuse(r))
    sock, port, monitor = world.server(**PLAIN_SERVER)
    hello = b"".join(bytes((len(it),)) + it for it in credentials)
    with RawClient(port) as raw:
        raw.send(greeting(mechanism=b"PLAIN") + command(b"HELLO", hello))
        assert raw.receive_until_closed()[64:] == command(b"ERROR", b"\x03400")
    assert handler.requests[0][6:] == list(credentials)
    assert event(monitor) == (int(Event.HANDSHAKE_FAILED_AUTH), 400)
    world.still_serves(sock, port, **PLAIN_CLIENT)
    assert sock.poll(0) == 0


def refuse(request: Request) -> list[bytes]:
    return [b"1.0", request[1], b"400", b"no", b"", b""]


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("as_server", [0, 1])
def test_hostile_p5_two_of_the_same_role(mechanism: str, as_server: int, world: Secured) -> None:
    """Two clients are found out by their HELLOs, two servers by what the greeting says."""
    world.handler()
    for ours, theirs in (MECHANISMS[mechanism], MECHANISMS[mechanism][::-1]):
        sock, port, monitor = world.server(**ours)
        serves = ours is MECHANISMS[mechanism][0]
        with RawClient(port) as raw:
            said = greeting(mechanism=mechanism.encode(), as_server=as_server)
            if not serves:
                said += GOOD_HELLO if mechanism == "PLAIN" else peers.Client().hello()
            raw.send(said)
            if serves and not as_server:
                continue  # libzmq's clients and servers both send 0
            raw.receive_until_closed()
        assert event(monitor)[0] == PROTOCOL
        world.still_serves(sock, port, **theirs)
        assert sock.poll(0) == 0


def test_cve_2020_15166_who_is_silent_takes_no_turn(world: Secured) -> None:
    push = world.socket(zmq.PUSH, **CURVE_SERVER)
    port = push.bind_to_random_port(f"tcp://{LOOPBACK}")
    silent = []
    try:
        for count in (0, 1, 9, 10, 11, 63, 64):
            raw = RawClient(port)
            silent.append(raw)
            raw.send(peers.GREETING[:count])
        pull = world.socket(zmq.PULL, **CURVE_CLIENT)
        pull.connect(f"tcp://{LOOPBACK}:{port}")
        for number in range(100):
            push.send(b"%d" % number)
        assert [pull.recv() for _ in range(100)] == [b"%d" % number for number in range(100)]
    finally:
        for raw in silent:
            raw.socket.close()


def test_a_handshake_that_takes_its_time_is_ended(world: Secured) -> None:
    server, _ = curve_keys()
    _, port, monitor = world.server(**server, handshake_ivl=milliseconds(0.2))
    with RawClient(port) as raw:
        raw.send(peers.GREETING + peers.Client().hello(to=peers.S)[:100])
        raw.receive_until_closed()
    assert event(monitor)[0] == int(Event.HANDSHAKE_FAILED_NO_DETAIL)
