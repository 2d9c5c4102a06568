"""Monitors of both versions, heartbeats, SRCFD."""

from __future__ import annotations

import struct

import pytest

from tests.capi.support import TCP, Watch, fails, last_endpoint, recv, send, silent, text
from tests.support import LOOPBACK, RawClient, free_port
from zmqthread import capi as z


class Watch2:
    """A monitor of version 2; every event is a number, values, and both ends."""

    def __init__(self, world, socket, wanted=z.ZMQ_EVENT_ALL_V2, kind=z.ZMQ_PAIR):
        reader = {z.ZMQ_PAIR: z.ZMQ_PAIR, z.ZMQ_PUB: z.ZMQ_SUB, z.ZMQ_PUSH: z.ZMQ_PULL}[kind]
        name = world.name()
        z.zmq_socket_monitor_versioned(socket, name, wanted, 2, kind)
        self.socket = world.socket(reader)
        if reader == z.ZMQ_SUB:
            z.zmq_setsockopt(self.socket, z.ZMQ_SUBSCRIBE, None, 0)
        z.zmq_connect(self.socket, name)

    def next(self):
        event, count, *rest = recv(self.socket)
        (number,) = struct.unpack("=Q", count)
        values = [struct.unpack("=Q", value)[0] for value in rest[:number]]
        local, remote = rest[number:]
        return struct.unpack("=Q", event)[0], values, local.decode(), remote.decode()

    def until(self, wanted):
        while True:
            found = self.next()
            if found[0] & wanted:
                return found


def test_monitor__no_network_and_no_such_events(c):
    socket = c.socket(z.ZMQ_DEALER)
    with fails(z.EPROTONOSUPPORT):
        z.zmq_socket_monitor(socket, TCP, 0)
    with fails(z.EINVAL):
        z.zmq_socket_monitor(socket, "inproc://m", 1 << 16)
    with fails(z.EINVAL):
        z.zmq_socket_monitor(socket, "no endpoint", 0)


@pytest.mark.parametrize(("version", "kind"), [
    (0, z.ZMQ_PAIR), (3, z.ZMQ_PAIR), (2, z.ZMQ_REQ), (2, z.ZMQ_CLIENT), (1, z.ZMQ_REP), (2, 99),
])  # fmt: skip
def test_monitor__no_such_version_or_type(c, version, kind):
    with fails(z.EINVAL):
        z.zmq_socket_monitor_versioned(c.socket(z.ZMQ_DEALER), "inproc://m", 1, version, kind)


def test_monitor__of_a_server(c):
    rep = c.socket(z.ZMQ_REP)
    watch = Watch(c, rep)
    z.zmq_bind(rep, TCP)
    name = last_endpoint(rep)
    number, descriptor, address = watch.next()
    assert (number, address) == (z.ZMQ_EVENT_LISTENING, name)
    assert descriptor > 0
    req = c.connected(z.ZMQ_REQ, name)
    assert watch.next()[0] == z.ZMQ_EVENT_ACCEPTED
    number, value, address = watch.next()
    assert (number, value, address) == (z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0, name)
    c.close(req)
    assert watch.next()[0] == z.ZMQ_EVENT_DISCONNECTED
    c.close(rep)
    assert watch.next()[0] == z.ZMQ_EVENT_CLOSED
    assert watch.next()[:2] == (z.ZMQ_EVENT_MONITOR_STOPPED, 0)


def test_monitor__of_a_client(c):
    _, name = c.bound(z.ZMQ_REP, TCP)
    req = c.socket(z.ZMQ_REQ)
    watch = Watch(c, req)
    z.zmq_connect(req, name)
    found = [watch.next() for _ in range(3)]
    assert [event[0] for event in found] == [
        z.ZMQ_EVENT_CONNECT_DELAYED, z.ZMQ_EVENT_CONNECTED, z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED,
    ]  # fmt: skip
    assert {event[2] for event in found} == {name}


def test_monitor__a_bind_that_fails(c):
    _, name = c.bound(z.ZMQ_REP, TCP)
    other = c.socket(z.ZMQ_REP)
    watch = Watch(c, other)
    with fails(z.EADDRINUSE):
        z.zmq_bind(other, name)
    assert watch.next()[0] == z.ZMQ_EVENT_CLOSED
    assert watch.next()[:2] == (z.ZMQ_EVENT_BIND_FAILED, z.EADDRINUSE)


def test_monitor__another_one_takes_its_place(c):
    rep = c.socket(z.ZMQ_REP)
    first = Watch(c, rep)
    second = Watch(c, rep, z.ZMQ_EVENT_LISTENING)
    assert first.next()[0] == z.ZMQ_EVENT_MONITOR_STOPPED
    z.zmq_bind(rep, TCP)
    assert second.next()[0] == z.ZMQ_EVENT_LISTENING
    assert silent(first.socket)


def test_monitor__null_ends_it(c):
    rep = c.socket(z.ZMQ_REP)
    watch = Watch(c, rep)
    assert z.zmq_socket_monitor(rep, None, 0) == 0
    assert watch.next()[0] == z.ZMQ_EVENT_MONITOR_STOPPED


@pytest.mark.parametrize("kind", [z.ZMQ_PAIR, z.ZMQ_PUSH, z.ZMQ_PUB])
def test_monitor__version_2_has_both_ends(c, kind):
    rep = c.socket(z.ZMQ_REP)
    watch = Watch2(c, rep, kind=kind)
    if kind == z.ZMQ_PUB:
        # A PUB keeps nothing for who has not subscribed yet: repeat until it has.
        while silent(watch.socket):
            z.zmq_bind(rep, TCP)
        while not silent(watch.socket):
            watch.next()
    else:
        z.zmq_bind(rep, TCP)
    name = last_endpoint(rep)
    if kind != z.ZMQ_PUB:
        assert watch.next()[2:] == (name, "")
    c.connected(z.ZMQ_REQ, name)
    number, values, local, remote = watch.until(z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
    assert (number, values, local) == (z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED, [0], name)
    assert remote.startswith("tcp://127.0.0.1:")
    assert remote != local


@pytest.mark.parametrize("transport", ["ipc://*", TCP])
def test_monitor__version_2_of_each_transport(c, transport):
    rep, name = c.bound(z.ZMQ_REP, transport)
    req = c.socket(z.ZMQ_REQ)
    watch = Watch2(c, req, z.ZMQ_EVENT_CONNECTED)
    z.zmq_connect(req, name)
    assert watch.next()[3] == name
    del rep


def test_monitor__statistics_of_pipes(c):
    pull, name = c.bound(z.ZMQ_PULL, TCP)
    push = c.connected(z.ZMQ_PUSH, name)
    with fails(z.EINVAL):
        z.zmq_socket_monitor_pipes_stats(push)
    watch = Watch2(c, push, z.ZMQ_EVENT_PIPES_STATS)
    send(push, b"x")
    assert text(pull) == "x"
    assert z.zmq_socket_monitor_pipes_stats(push) == 0
    number, values, _, remote = watch.next()
    assert (number, values, remote) == (z.ZMQ_EVENT_PIPES_STATS, [0, 0], name)


def test_monitor__statistics_of_a_version_1_monitor(c):
    pull, _ = c.bound(z.ZMQ_PULL, TCP)
    Watch(c, pull)
    with fails(z.EINVAL):
        z.zmq_socket_monitor_pipes_stats(pull)


def test_srcfd__is_that_of_the_connection(c):
    rep, name = c.bound(z.ZMQ_REP, TCP)
    req = c.connected(z.ZMQ_REQ, name)
    send(req, b"x")
    msg = z.zmq_msg_t()
    z.zmq_msg_init(msg)
    z.zmq_msg_recv(msg, rep, 0)
    import socket as plain

    number = z.zmq_msg_get(msg, z.ZMQ_SRCFD)
    with plain.socket(fileno=number) as connection:
        host, _ = connection.getpeername()
        connection.detach()
    assert host == LOOPBACK


# -- heartbeats ---

GREETING = b"\xff" + bytes(8) + b"\x7f\3\1" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)


def shaken(peer, kind=b"DEALER"):
    """Do the handshake of a raw peer."""
    peer.send(GREETING)
    peer.receive(64)
    ready = b"\5READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
    peer.send(b"\4" + bytes([len(ready)]) + ready)
    (size,) = peer.receive(2)[1:]
    peer.receive(size)


def test_heartbeats__a_ping_is_answered(c):
    _, name = c.bound(z.ZMQ_ROUTER, TCP)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        shaken(peer)
        peer.send(b"\4\x09\4PING\0\0hi")
        assert peer.receive(9) == b"\4\7\4PONGhi"


def test_heartbeats__a_ping_right_behind_the_handshake(c):
    router, name = c.bound(z.ZMQ_ROUTER, TCP)
    watch = Watch(c, router, z.ZMQ_EVENT_DISCONNECTED)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        ready = b"\4\x1c\5READY\x0bSocket-Type\0\0\0\6DEALER"
        peer.send(GREETING + ready + b"\4\x09\4PING\0\1hi")
        octets = b""
        while not octets.endswith(b"\4\7\4PONGhi"):
            octets += peer.receive(1)
        watch.next()


def test_heartbeats__a_ping_comes(c):
    _, name = c.bound(z.ZMQ_ROUTER, TCP, heartbeat_ivl=20, heartbeat_timeout=10_000)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        shaken(peer)
        assert peer.receive(7) == b"\4\7\4PING"


def test_heartbeats__a_mute_peer_is_lost(c):
    router, name = c.bound(z.ZMQ_ROUTER, TCP, heartbeat_ivl=20, heartbeat_timeout=30)
    watch = Watch(c, router, z.ZMQ_EVENT_DISCONNECTED)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        shaken(peer)
        watch.next()
        peer.receive_until_closed()


def test_heartbeats__the_peers_ttl_holds(c):
    router, name = c.bound(z.ZMQ_ROUTER, TCP)
    watch = Watch(c, router, z.ZMQ_EVENT_DISCONNECTED)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        shaken(peer)
        peer.send(b"\4\7\4PING\0\1")  # a tenth of a second
        watch.next()


@pytest.mark.parametrize(("server", "client"), [
    (z.ZMQ_REP, z.ZMQ_REQ), (z.ZMQ_ROUTER, z.ZMQ_DEALER), (z.ZMQ_PULL, z.ZMQ_PUSH),
    (z.ZMQ_SUB, z.ZMQ_PUB), (z.ZMQ_PAIR, z.ZMQ_PAIR), (z.ZMQ_XSUB, z.ZMQ_XPUB),
])  # fmt: skip
def test_heartbeats__do_not_part_peers_that_answer(c, server, client):
    options = {"heartbeat_ivl": 5, "heartbeat_ttl": 5000, "heartbeat_timeout": 5000}
    bound, name = c.bound(server, TCP, **options)
    watch = Watch(c, bound, z.ZMQ_EVENT_DISCONNECTED)
    c.connected(client, name, **options)
    assert silent(watch.socket)


@pytest.mark.parametrize(("given", "kept"), [
    (0, 0), (99, 0), (100, 100), (199, 100), (6553599, 6553500),
])  # fmt: skip
def test_heartbeats__ttl_is_kept_in_tenths(c, given, kept):
    socket = c.socket(z.ZMQ_PULL, heartbeat_ttl=given)
    assert z.zmq_getsockopt(socket, z.ZMQ_HEARTBEAT_TTL) == kept


@pytest.mark.parametrize("value", [-100, 6553600])
def test_heartbeats__ttl_that_there_is_not(c, value):
    with fails(z.EINVAL):
        z.zmq_setsockopt(c.socket(z.ZMQ_PULL), z.ZMQ_HEARTBEAT_TTL, value)


# -- raw octets from a peer that is no ZeroMQ ---

GARBAGE = [
    b"", b"\0", b"\xff", b"GET / HTTP/1.0\r\n\r\n", bytes(300), b"\xff" * 300, GREETING[:11],
    GREETING[:63], GREETING + b"\x04", GREETING + b"\x04\xff" + b"x" * 300, GREETING + b"\0\5hello",
    GREETING + b"\x06" + b"\xff" * 8, GREETING.replace(b"NULL", b"NONE"), GREETING + b"\4\1\0",
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("program", ["bind_fuzzer", "bind_null_fuzzer", "bind_stream_fuzzer"])
def test_bind_fuzzers_are_served_after_garbage(c, garbage, program):
    kind = z.ZMQ_STREAM if "stream" in program else z.ZMQ_PULL
    bound, name = c.bound(kind, TCP)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        peer.send(garbage)
    if kind == z.ZMQ_PULL:
        send(c.connected(z.ZMQ_PUSH, name), b"x")
        assert text(bound) == "x"
    else:
        ident, notice = recv(bound)
        assert notice == b""
        octets = b""
        while octets != garbage:
            octets += recv(bound)[1]
        assert recv(bound) == [ident, b""]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_connect_fuzzers_are_served_after_garbage(c, garbage):
    port = free_port()
    push = c.connected(z.ZMQ_PUSH, f"tcp://{LOOPBACK}:{port}", reconnect_ivl=1)
    import socket as plain

    with plain.create_server((LOOPBACK, port)) as listener:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(garbage)
    pull = c.socket(z.ZMQ_PULL)
    for _ in range(10_000):
        try:
            z.zmq_bind(pull, f"tcp://{LOOPBACK}:{port}")
            break
        except z.ZMQError:
            z.zmq_poll([], 0, 1)
    send(push, b"x")
    assert text(pull) == "x"
