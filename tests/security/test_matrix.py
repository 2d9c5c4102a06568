"""Every command in every state of PLAIN and CURVE, over sockets: hostile-peers 7, P2 and C12.

After each of them a good peer, there from the start, still gets a message through.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

import zmqthread as zmq
from tests.security.worlds import MECHANISMS, RawPeer, Request, Secured, accept, curve_keys, events
from tests.support import LOOPBACK, listening, milliseconds
from tests.wire import curve as peers
from tests.wire.support import command, frame, greeting, properties
from zmqthread.constants import Event

PROTOCOL = int(Event.HANDSHAKE_FAILED_PROTOCOL)
PUSH = properties((b"Socket-Type", b"PUSH"))
PLAIN = {
    "HELLO": command(b"HELLO", b"\4user\6sesame"),
    "WELCOME": command(b"WELCOME"),
    "INITIATE": command(b"INITIATE", PUSH),
    "READY": command(b"READY", PUSH),
    "MESSAGE": frame(0, b"a"),
    "ERROR": command(b"ERROR", b"\x03400"),
    "PING": command(b"PING", b"\0\0"),
    "WIBBLE": command(b"WIBBLE"),
}

Enter = Callable[[RawPeer, str], Callable[[str], bytes]]


def plain_client(raw: RawPeer, state: str) -> Callable[[str], bytes]:
    """Bring a server into a state."""
    raw.send(greeting(mechanism=b"PLAIN"))
    raw.receive(64)
    if state:
        raw.send(PLAIN["HELLO"])
    if state in {"hello", "done"}:
        raw.command()
    if state == "done":
        raw.send(PLAIN["INITIATE"])
        raw.command()
    return PLAIN.__getitem__


def plain_server(raw: RawPeer, state: str) -> Callable[[str], bytes]:
    """Bring a client into a state."""
    raw.send(greeting(mechanism=b"PLAIN"))
    raw.receive(64)
    raw.command()
    if state:
        raw.send(PLAIN["WELCOME"])
        raw.command()
    if state == "done":
        raw.send(PLAIN["READY"])
    return PLAIN.__getitem__


def curve_client(raw: RawPeer, state: str) -> Callable[[str], bytes]:
    """Bring a server into a state."""
    peer = peers.Client()
    raw.send(peers.GREETING)
    raw.receive(64)
    if state:
        raw.send(peer.hello())
        peer.welcome(raw.command())
    if state in {"initiate", "done"}:
        raw.send(peer.initiate())
    if state == "done":
        raw.command()
    return lambda name: peers.said_by_client(peer, name)


def curve_server(raw: RawPeer, state: str) -> Callable[[str], bytes]:
    """Bring a client into a state."""
    peer = peers.Server()
    raw.send(peers.GREETING)
    raw.receive(64)
    welcome = peer.welcome(raw.command())
    if state:
        raw.send(welcome)
        raw.command()
    if state == "done":
        raw.send(peer.ready())
    return lambda name: peers.said_by_server(peer, welcome, name)


def said(port: int, enter: Enter, state: str, name: str) -> RawPeer:
    """Return a peer that has said something in a state.

    In the one that only time ends, that time may be over before a slow machine gets there.
    """
    for attempt in range(20):
        raw = RawPeer(port)
        try:
            raw.send(enter(raw, state)(name))
        except (EOFError, ConnectionError):
            raw.socket.close()
            if state != "initiate" or attempt == 19:
                raise
        else:
            return raw
    raise AssertionError


def silent_about_raw_peers(request: Request) -> list[bytes] | None:
    """An authenticator that keeps the raw clients waiting."""
    return None if peers.C in request or b"user" in request else accept(request)


TRAFFIC = {"PLAIN": {"MESSAGE", "PING", "WIBBLE"}, "CURVE": {"MESSAGE"}}
NAMES = {"PLAIN": list(PLAIN), "CURVE": peers.COMMANDS}


@pytest.mark.parametrize("state", ["", "hello", "initiate", "done"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_hostile_p2_c12_every_command_in_every_state_of_a_server(
    mechanism: str, state: str, world: Secured
) -> None:
    due = {"": {"HELLO"}, "hello": {"INITIATE"}, "initiate": set[str](), "done": TRAFFIC[mechanism]}
    world.handler(silent_about_raw_peers if state == "initiate" else accept)
    server, client = MECHANISMS[mechanism]
    if mechanism == "CURVE":
        client = curve_keys()[1] | {"curve_serverkey": peers.S}
    else:
        client = client | {"plain_username": b"good"}
    ivl = milliseconds(0.1 if state == "initiate" else 10)
    sock, port, monitor = world.server(**server, handshake_ivl=ivl)
    good = world.client(port, **client)
    enter = plain_client if mechanism == "PLAIN" else curve_client
    for name in NAMES[mechanism]:
        with said(port, enter, state, name) as raw:
            if name not in due[state]:
                raw.receive_until_closed()
            elif name == "MESSAGE":
                assert sock.recv() == b"a"
        good.send(name.encode())
        assert sock.recv() == name.encode()
    world.still_serves(sock, port, **client)
    assert sock.poll(0) == 0
    if state in {"", "hello"}:
        refused = [found for found in events(monitor) if found[0] == PROTOCOL]
        assert len(refused) == len(NAMES[mechanism]) - len(due[state])


@pytest.mark.parametrize("state", ["", "welcome", "done"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_hostile_p2_c12_every_command_in_every_state_of_a_client(
    mechanism: str, state: str, world: Secured
) -> None:
    due = {"": {"WELCOME"}, "welcome": {"READY"}, "done": TRAFFIC[mechanism]}
    world.handler()
    server, client = MECHANISMS[mechanism]
    good = world.socket(zmq.PUSH, **server)
    sock = world.socket(zmq.PULL, **client, reconnect_ivl=1)
    sock.connect(f"tcp://{LOOPBACK}:{good.bind_to_random_port(f'tcp://{LOOPBACK}')}")
    enter = plain_server if mechanism == "PLAIN" else curve_server
    with listening() as listener:
        endpoint = f"tcp://{LOOPBACK}:{listener.getsockname()[1]}"
        for name in NAMES[mechanism]:
            # Anew each time: after ERROR the same credentials are not tried again.
            sock.connect(endpoint)
            accepted, _ = listener.accept()
            with RawPeer(0, accepted) as raw:
                raw.send(enter(raw, state)(name))
                if name not in due[state]:
                    raw.receive_until_closed()
                elif name == "MESSAGE":
                    assert sock.recv() == b"a"
                sock.disconnect(endpoint)
            good.send(name.encode())
            assert sock.recv() == name.encode()
            drop_backlog(listener)
    assert sock.poll(0) == 0


def drop_backlog(listener: socket.socket) -> None:
    """Take the attempts that were made before the endpoint was given up."""
    patience = listener.gettimeout()
    listener.settimeout(0)
    try:
        while True:
            listener.accept()[0].close()
    except BlockingIOError:
        listener.settimeout(patience)
