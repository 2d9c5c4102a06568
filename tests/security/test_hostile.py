"""Hostile input to secured sockets; after each a good peer is still served: hostile-peers 7."""

from __future__ import annotations

import resource
import socket
from typing import Any

import pytest

import zmqthread as zmq
from tests.security.worlds import Secured, curve_keys, event, events, milliseconds
from tests.support import LOOPBACK, RawClient, seconds
from tests.wire import curve as peers
from tests.wire.support import command, frame, greeting, properties
from zmqthread.constants import Event

PLAIN_SERVER = {"plain_server": 1}
PLAIN_CLIENT = {"plain_username": b"user", "plain_password": b"sesame"}
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


def test_hostile_p5_a_client_that_calls_itself_the_server(world: Secured) -> None:
    world.handler()
    sock, port, monitor = world.server(**PLAIN_SERVER)
    with RawClient(port) as raw:
        raw.send(greeting(mechanism=b"PLAIN", as_server=1))
        raw.receive_until_closed()
    assert event(monitor)[0] == PROTOCOL
    world.still_serves(sock, port, **PLAIN_CLIENT)


def curve_settings() -> tuple[dict[str, Any], dict[str, Any]]:
    """The keys that `tests.wire.curve` has."""
    server = {"curve_server": 1, "curve_secretkey": peers.SECRET}
    client = {
        "curve_serverkey": peers.S,
        "curve_publickey": peers.C,
        "curve_secretkey": peers.CLIENT_SECRET,
    }
    return server, client


HELLOS: dict[str, dict[str, Any]] = {
    "c1 version": {"version": b"\2\0"},
    "c1 wrong server": {"to": peers.C},
    "c2 padding": {"padding": bytes(71) + b"\1"},
    "c2 contents": {"plain": bytes(63) + b"\1"},
    "c14 zero key": {"public": bytes(32)},
    "c14 weak key": {"public": b"\1" + bytes(31)},
}
INITIATES: dict[str, dict[str, Any]] = {
    "c3 cookie": {"cookie": bytes(96)},
    "c4 key": {"key": peers.SECRET},
    "c4 c": {"vouched": peers.C + peers.S},
    "c5 s": {"vouched": peers.C * 2},
    "c6 zero": {"number": 0},
    "c6 same": {"number": 1},
    "c7 metadata": {"metadata": b"\xff"},
}


def reply(raw: RawClient) -> bytes:
    """One short command of the server."""
    head = raw.receive(2)
    return head + raw.receive(head[1])


@pytest.mark.parametrize("watched", [True, False], ids=["monitor", "no monitor"])
@pytest.mark.parametrize("case", [*HELLOS, *INITIATES, "c8", "c8 plain", "c9", "c11", "c7 twice"])
def test_hostile_c1_to_c11_input_to_a_curve_server(
    case: str, watched: bool, world: Secured
) -> None:
    world.handler()
    server, client = curve_settings()
    sock, port, monitor = world.server(**server)
    if not watched:
        sock.disable_monitor()
    peer = peers.Client()
    with RawClient(port) as raw:
        raw.send(peers.GREETING + peer.hello(**HELLOS.get(case, {})))
        raw.receive(64)
        if case not in HELLOS:
            peer.welcome(reply(raw))
            raw.send(peer.initiate(**INITIATES.get(case, {})))
            if case not in INITIATES:
                reply(raw)
                raw.send(after_the_handshake(case, peer))
        raw.receive_until_closed()
    frames = [sock.recv()] if case in {"c8", "c9"} else []
    assert frames == [b"once"] * len(frames)
    if watched and (case in HELLOS or case in INITIATES):
        assert event(monitor)[0] == PROTOCOL
    world.still_serves(sock, port, **client)
    assert sock.poll(0) == 0


def after_the_handshake(case: str, peer: peers.Client) -> bytes:
    """What the peer sends once it has been let in."""
    return {
        "c8": lambda: peer.message(9, b"once") + peer.message(9, b"again"),
        "c8 plain": lambda: frame(0, b"hello"),
        "c9": lambda: peer.message(2**64 - 1, b"once") + peer.message(5, b"again"),
        "c11": lambda: peer.message(9, kind=b"\xfc"),
        "c7 twice": lambda: peer.initiate(number=9),
    }[case]()


def test_hostile_c13_garbage_for_a_client_is_tried_again_and_error_is_not(world: Secured) -> None:
    _, client = curve_settings()
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        listener.settimeout(seconds(10))
        sock, told = world.watched(listener.getsockname()[1], reconnect_ivl=1, **client)
        for answer in (command(b"WELCOME", bytes(160)), command(b"WELCOME"), b""):
            accepted, _ = listener.accept()
            with accepted:
                accepted.sendall(peers.GREETING + answer)
            assert event(told)[0] != zmq.EVENT_HANDSHAKE_SUCCEEDED
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(peers.GREETING + command(b"ERROR", b"\x03400"))
            assert event(told) == (int(Event.HANDSHAKE_FAILED_AUTH), 400)
            listener.settimeout(seconds(0.2))
            with pytest.raises(TimeoutError):
                listener.accept()
        assert events(told) == []
        assert sock.poll(0) == 0


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_difference_handshakes_in_progress_a_flood_of_half_open_ones(
    mechanism: str, world: Secured
) -> None:
    """Beyond the limit the oldest goes; a good peer comes through, and the flood costs little."""
    world.handler()
    server, client = (PLAIN_SERVER, PLAIN_CLIENT) if mechanism == "PLAIN" else curve_settings()
    sock, port, monitor = world.server(**server, max_handshakes=100, backlog=512)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    idle = []
    try:
        for _ in range(300):
            raw = RawClient(port)
            idle.append(raw)
            raw.send(greeting(mechanism=mechanism.encode()) + command(b"HELLO", bytes(60))[:30])
        good = world.client(port, **client)
        good.send(b"good")
        assert sock.recv() == b"good"
        assert idle[0].receive_until_closed()[:1] in {b"", b"\xff"}
        assert len(sock._core._handshakes) <= 100
        dropped = [found for found in events(monitor) if found[0] != 0x1000]
        assert len(dropped) >= 200
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 100 * 64  # KiB: nobody may have more than one command
    finally:
        for raw in idle:
            raw.socket.close()


def test_cve_2020_15166_who_is_silent_takes_no_turn(world: Secured) -> None:
    server, client = curve_settings()
    push = world.socket(zmq.PUSH, **server)
    port = push.bind_to_random_port(f"tcp://{LOOPBACK}")
    silent = []
    try:
        for count in (0, 1, 9, 10, 11, 63, 64):
            raw = RawClient(port)
            silent.append(raw)
            raw.send(peers.GREETING[:count])
        pull = world.socket(zmq.PULL, **client)
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
