"""Hostile input to CURVE sockets; after each a good peer is still served: hostile-peers 7, C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import zmqthread as zmq
from tests.security.worlds import (
    CURVE_CLIENT,
    CURVE_SERVER,
    RawPeer,
    Secured,
    event,
    events,
)
from tests.support import LOOPBACK, free_port, listening, seconds
from tests.wire import curve as peers
from tests.wire.support import command, frame, greeting
from zmqthread.constants import Event

PROTOCOL = int(Event.HANDSHAKE_FAILED_PROTOCOL)
WHOLE_HELLO = peers.data_of(peers.Client().hello(), b"HELLO") + bytes(100)

Case = Callable[[RawPeer, peers.Client], object]


def with_hello(**fields: Any) -> Case:
    return lambda raw, peer: raw.send(peer.hello(**fields))


def with_initiate(**fields: Any) -> Case:
    def play(raw: RawPeer, peer: peers.Client) -> None:
        greet(raw, peer)
        raw.send(peer.initiate(**fields))

    return play


def let_in(*octets: Callable[[peers.Client], bytes]) -> Case:
    def play(raw: RawPeer, peer: peers.Client) -> None:
        greet(raw, peer)
        raw.send(peer.initiate())
        raw.command()
        raw.send(b"".join(each(peer) for each in octets))

    return play


def greet(raw: RawPeer, peer: peers.Client) -> None:
    raw.send(peer.hello())
    peer.welcome(raw.command())


def cookie_of_another(raw: RawPeer, peer: peers.Client) -> None:
    greet(raw, peer)
    other = peers.Client()
    with RawPeer(raw.socket.getpeername()[1]) as another:
        another.send(peers.GREETING)
        another.receive(64)
        greet(another, other)
        raw.send(peer.initiate(cookie=other.cookie))


def short_initiate(raw: RawPeer, peer: peers.Client) -> None:
    greet(raw, peer)
    raw.send(frame(6, b"\x08INITIATE" + bytes(247)))


def raw_hello(size: int) -> Case:
    return lambda raw, _: raw.send(command(b"HELLO", WHOLE_HELLO[: size - 6]))


def message(number: int, body: bytes = b"again", **fields: Any) -> Callable[[peers.Client], bytes]:
    return lambda peer: peer.message(number, body, **fields)


def tampered(peer: peers.Client) -> bytes:
    octets = peer.message(10, b"again")
    return octets[:-1] + bytes((octets[-1] ^ 1,))


ONCE = message(9, b"once")
HANDSHAKES: dict[str, Case] = {
    **{f"c1 {size}": raw_hello(size) for size in (6, 7, 80, 199, 201, 255)},
    **{f"c1 version {v!r}": with_hello(version=v) for v in (b"\0\0", b"\1\1", b"\2\0")},
    "c1 wrong server": with_hello(to=peers.C),
    "c2 padding": with_hello(padding=bytes(71) + b"\1"),
    "c2 contents": with_hello(plain=bytes(63) + b"\1"),
    "c3 initiate first": lambda raw, _: raw.send(command(b"INITIATE", bytes(248))),
    "c3 256 octets": short_initiate,
    "c3 cookie": with_initiate(cookie=bytes(96)),
    "c3 cookie of another": cookie_of_another,
    "c4 key": with_initiate(key=peers.SECRET),
    "c4 c": with_initiate(vouched=peers.C + peers.S),
    "c5 s": with_initiate(vouched=peers.C * 2),
    "c6 zero": with_initiate(number=0),
    "c6 same": with_initiate(number=1),
    "c7 metadata": with_initiate(metadata=b"\xff"),
    "c14 zero key": with_hello(public=bytes(32)),
    "c14 weak key": with_hello(public=b"\1" + bytes(31)),
}
TRAFFIC: dict[str, Case] = {
    "c7 twice": let_in(lambda peer: peer.initiate(number=9)),
    "c8 replay": let_in(ONCE, ONCE),
    "c8 lower": let_in(ONCE, message(8)),
    "c8 tampered": let_in(ONCE, tampered),
    **{
        f"c8 {size}": let_in(lambda _, n=size: frame(0, (b"\x07MESSAGE" + bytes(40))[:n]))  # type: ignore[misc]
        for size in (8, 16, 32)
    },
    "c8 plain": let_in(lambda _: frame(0, b"hello")),
    "c8 ping": let_in(lambda _: command(b"PING", b"\0\0")),
    "c9": let_in(message(2**64 - 1, b"once"), message(5)),
    "c11": let_in(message(9, kind=b"\xfc")),
}


@pytest.mark.parametrize("watched", [True, False], ids=["monitor", "no monitor"])
@pytest.mark.parametrize("case", [*HANDSHAKES, *TRAFFIC])
def test_hostile_c1_c2_c3_c4_c5_c6_c7_c8_c9_c11_c14_input_to_a_server(
    case: str, watched: bool, world: Secured
) -> None:
    world.handler()
    sock, port, monitor = world.server(**CURVE_SERVER)
    if not watched:
        sock.disable_monitor()
    with RawPeer(port) as raw:
        raw.send(peers.GREETING)
        raw.receive(64)
        (HANDSHAKES | TRAFFIC)[case](raw, peers.Client())
        raw.receive_until_closed()
    if case in {"c8 replay", "c8 lower", "c8 tampered", "c9"}:
        assert sock.recv() == b"once"
    if watched and case in HANDSHAKES:
        while event(monitor)[0] != PROTOCOL:
            assert case == "c3 cookie of another"  # that one just goes
    world.still_serves(sock, port, **CURVE_CLIENT)
    assert sock.poll(0) == 0


def test_hostile_c9_c10_gaps_and_the_command_bit_are_fine(world: Secured) -> None:
    world.handler()
    sock, port, _ = world.server(**CURVE_SERVER)
    with RawPeer(port) as raw:
        raw.send(peers.GREETING)
        raw.receive(64)
        let_in(message(9, b"one"), message(1000, b"two", flags=4))(raw, peers.Client())
        assert [sock.recv(), sock.recv()] == [b"one", b"two"]
        world.still_serves(sock, port, **CURVE_CLIENT)


GARBAGE = {
    "167 octets": peers.GREETING + command(b"WELCOME", bytes(159)),
    "garbage": peers.GREETING + command(b"WELCOME", bytes(160)),
    "empty": peers.GREETING + command(b"WELCOME"),
    "nothing": peers.GREETING,
    "NULL": greeting(),
    "ZMTP 1.0": b"\x01\x00",
}


def test_hostile_c13_a_client_tries_again_after_garbage_and_finds_a_good_server(
    world: Secured,
) -> None:
    world.handler()
    port = free_port()
    with listening(port) as listener:
        sock, told = world.watched(port, reconnect_ivl=1, **CURVE_CLIENT)
        sock.send(b"good")
        for octets in GARBAGE.values():
            accepted, _ = listener.accept()
            with accepted:
                accepted.sendall(octets)
            assert event(told)[0] != zmq.EVENT_HANDSHAKE_SUCCEEDED
    server = world.socket(zmq.PULL, **CURVE_SERVER)
    server.bind(f"tcp://{LOOPBACK}:{port}")
    assert server.recv() == b"good"


def test_hostile_c13_a_client_that_was_refused_does_not_try_again(world: Secured) -> None:
    world.handler()
    good = world.socket(zmq.PULL, **CURVE_SERVER)
    with listening() as listener:
        sock, told = world.watched(listener.getsockname()[1], reconnect_ivl=1, **CURVE_CLIENT)
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(peers.GREETING + command(b"ERROR", b"\x03400"))
            assert event(told) == (int(Event.HANDSHAKE_FAILED_AUTH), 400)
            listener.settimeout(seconds(0.2))
            with pytest.raises(TimeoutError):
                listener.accept()
        assert events(told) == []
        sock.disconnect(sock.last_endpoint)
    sock.connect(f"tcp://{LOOPBACK}:{good.bind_to_random_port(f'tcp://{LOOPBACK}')}")
    sock.send(b"good")
    assert good.recv() == b"good"
