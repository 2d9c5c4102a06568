"""ROUTER's options, names of peers, STREAM."""

from __future__ import annotations

import socket as plain
import struct

import pytest

from tests.capi.support import (
    TCP,
    Watch,
    events,
    fails,
    last_endpoint,
    received,
    recv,
    send,
    silent,
    text,
    wait_for,
)
from tests.support import RawClient, seconds
from zmqthread import capi as z


def port_of(socket):
    return int(last_endpoint(socket).rpartition(":")[2])


# -- ROUTER_MANDATORY ---


def test_router_mandatory__unknown_peers_are_an_error(c):
    router, name = c.bound(z.ZMQ_ROUTER, TCP)
    send(router, b"UNKNOWN", b"DATA")  # dropped
    z.zmq_setsockopt(router, z.ZMQ_ROUTER_MANDATORY, 1)
    with fails(z.EHOSTUNREACH):
        z.zmq_send(router, b"UNKNOWN", 7, z.ZMQ_SNDMORE)
    dealer = c.connected(z.ZMQ_DEALER, name, routing_id=b"X")
    send(dealer, b"Hello")
    assert recv(router) == [b"X", b"Hello"]
    send(router, b"X", b"Hello")
    assert text(dealer) == "Hello"


def test_router_mandatory__state_of_a_peer(c, endpoint):
    router, name = c.bound(z.ZMQ_ROUTER, endpoint, router_mandatory=1, sndhwm=1)
    with fails(z.EHOSTUNREACH):
        z.zmq_socket_get_peer_state(router, b"X", 1)
    dealer = c.connected(z.ZMQ_DEALER, name, routing_id=b"X", rcvhwm=1)
    send(dealer, b"Hello")
    recv(router)
    assert z.zmq_socket_get_peer_state(router, b"X", 1) == z.ZMQ_POLLOUT
    with fails(z.EAGAIN):
        for _ in range(100_000):
            send(router, b"X", bytes(1000), flags=z.ZMQ_DONTWAIT)
    assert z.zmq_socket_get_peer_state(router, b"X", 1) == 0


def test_router_mandatory__state_of_something_else(c):
    with fails(z.ENOTSOCK):
        z.zmq_socket_get_peer_state(None, b"X", 1)
    with fails(z.EFAULT):
        z.zmq_socket_get_peer_state(c.socket(z.ZMQ_ROUTER), None, 1)
    for kind in (z.ZMQ_DEALER, z.ZMQ_STREAM, z.ZMQ_PUB):
        with fails(z.ENOTSUP):
            z.zmq_socket_get_peer_state(c.socket(kind), b"X", 1)


def test_router_mandatory_hwm__a_full_peer_is_not_dropped_for(c):
    router, name = c.bound(z.ZMQ_ROUTER, TCP, router_mandatory=1, sndhwm=1)
    dealer = c.connected(z.ZMQ_DEALER, name, routing_id=b"X", rcvhwm=1)
    send(dealer, b"Hello")
    recv(router)
    sent = 0
    with fails(z.EAGAIN):
        while sent < 100_000:
            z.zmq_send(router, b"X", 1, z.ZMQ_DONTWAIT | z.ZMQ_SNDMORE)
            z.zmq_send(router, bytes(65536), 65536, z.ZMQ_DONTWAIT)
            sent += 1
    for _ in range(sent):
        assert recv(dealer) == [bytes(65536)]
    assert silent(dealer)


# -- names of peers ---


def twins(c, handover):
    """Give a ROUTER and two DEALERs of one name, the first of which has got through."""
    router, name = c.bound(z.ZMQ_ROUTER, TCP, router_handover=handover)
    one = c.connected(z.ZMQ_DEALER, name, routing_id=b"X")
    send(one, b"Hello")
    assert recv(router) == [b"X", b"Hello"]
    watch = Watch(c, router, z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
    other = c.connected(z.ZMQ_DEALER, name, routing_id=b"X")
    watch.next()
    return router, one, other


def test_router_handover__the_newcomer_gets_the_name(c):
    router, _, other = twins(c, 1)
    send(other, b"Hello")
    assert recv(router) == [b"X", b"Hello"]
    send(router, b"X", b"Hi")
    assert text(other) == "Hi"


def test_router_handover__without_it_the_newcomer_is_not_heard(c):
    router, one, other = twins(c, 0)
    send(other, b"Hello")
    send(one, b"Hello")
    assert recv(router) == [b"X", b"Hello"]
    send(router, b"X", b"Hi")
    assert text(one) == "Hi"
    assert silent(other)


@pytest.mark.parametrize("kind", [z.ZMQ_ROUTER, z.ZMQ_DEALER, z.ZMQ_REQ])
def test_probe_router__an_empty_message_at_once(c, kind, endpoint):
    router, name = c.bound(z.ZMQ_ROUTER, endpoint)
    client = c.connected(kind, name, routing_id=b"X", probe_router=1)
    assert recv(router) == [b"X", b""]
    if kind == z.ZMQ_DEALER:
        send(router, b"X", b"Hello")
        assert text(client) == "Hello"


def test_connect_rid__router_to_router(c, endpoint):
    server, name = c.bound(z.ZMQ_ROUTER, endpoint, routing_id=b"Y")
    client = c.socket(z.ZMQ_ROUTER, routing_id=b"X", connect_routing_id=b"server")
    z.zmq_connect(client, name)
    send(client, b"server", b"Hello 1")
    assert recv(server) == [b"X", b"Hello 1"]
    send(server, b"X", b"Hello 2")
    assert recv(client) == [b"server", b"Hello 2"]


def test_connect_rid__twice_the_same_is_an_error(c):
    _, name = c.bound(z.ZMQ_ROUTER, TCP)
    _, other = c.bound(z.ZMQ_ROUTER, TCP)
    client = c.socket(z.ZMQ_ROUTER, connect_routing_id=b"server")
    z.zmq_connect(client, name)
    z.zmq_setsockopt(client, z.ZMQ_CONNECT_ROUTING_ID, b"server", 6)
    with fails(z.EINVAL):
        z.zmq_connect(client, other)


def test_connect_rid__stream(c):
    server, name = c.bound(z.ZMQ_STREAM, TCP)
    client = c.socket(z.ZMQ_STREAM, connect_routing_id=b"server")
    z.zmq_connect(client, name)
    assert recv(client) == [b"server", b""]
    ident, notice = recv(server)
    assert notice == b""
    send(client, b"server", b"hello")
    assert recv(server) == [ident, b"hello"]


# -- notifications ---


@pytest.mark.parametrize("value", [-1, 4, 8])
def test_router_notify__values_that_there_are_not(c, value):
    with fails(z.EINVAL):
        z.zmq_setsockopt(c.socket(z.ZMQ_ROUTER), z.ZMQ_ROUTER_NOTIFY, value)


def test_router_notify__is_for_routers(c):
    with fails(z.EINVAL):
        z.zmq_setsockopt(c.socket(z.ZMQ_DEALER), z.ZMQ_ROUTER_NOTIFY, 1)
    router = c.socket(z.ZMQ_ROUTER)
    assert z.zmq_getsockopt(router, z.ZMQ_ROUTER_NOTIFY) == 0
    z.zmq_setsockopt(router, z.ZMQ_ROUTER_NOTIFY, z.ZMQ_NOTIFY_CONNECT | z.ZMQ_NOTIFY_DISCONNECT)
    assert z.zmq_getsockopt(router, z.ZMQ_ROUTER_NOTIFY) == 3


@pytest.mark.parametrize("notify", [1, 2, 3])
def test_router_notify__tells_of_peers(c, notify):
    router, name = c.bound(z.ZMQ_ROUTER, TCP, router_notify=notify)
    dealer = c.connected(z.ZMQ_DEALER, name, routing_id=b"X")
    if notify & z.ZMQ_NOTIFY_CONNECT:
        assert recv(router) == [b"X", b""]
    send(dealer, b"Hello")
    assert recv(router) == [b"X", b"Hello"]
    z.zmq_disconnect(dealer, name)
    if notify & z.ZMQ_NOTIFY_DISCONNECT:
        assert recv(router) == [b"X", b""]
    else:
        assert silent(router)


def test_router_notify__not_of_a_failed_handshake(c):
    router, _ = c.bound(z.ZMQ_ROUTER, TCP, router_notify=3)
    with RawClient(port_of(router)) as peer:
        peer.send(b"GET / HTTP/1.1\r\n" * 10)
        peer.receive_until_closed()
    assert silent(router)


def test_router_notify__peer_lost_in_the_middle_of_a_multipart(c):
    router, name = c.bound(z.ZMQ_ROUTER, TCP, router_notify=2)
    dealer = c.connected(z.ZMQ_DEALER, name, routing_id=b"X")
    send(dealer, b"a", b"b")
    assert recv(router) == [b"X", b"a", b"b"]
    z.zmq_send(dealer, b"half", 4, z.ZMQ_SNDMORE)
    c.close(dealer)
    assert recv(router) == [b"X", b""]


# -- messages on certain occasions ---


def test_hello_msg__first_to_every_peer(c, endpoint):
    router, name = c.bound(z.ZMQ_ROUTER, endpoint, hello_msg=b"H")
    for _ in range(2):
        dealer = c.connected(z.ZMQ_DEALER, name)
        assert text(dealer) == "H"
    del router


def test_disconnect_msg__in_the_name_of_the_lost_peer(c, endpoint):
    router, name = c.bound(z.ZMQ_ROUTER, endpoint, disconnect_msg=b"D")
    dealer = c.connected(z.ZMQ_DEALER, name, routing_id=b"X")
    send(dealer, b"Hello")
    assert recv(router) == [b"X", b"Hello"]
    c.close(dealer)
    assert recv(router) == [b"X", b"D"]


def test_disconnect_msg__of_a_server(c, endpoint):
    """A SERVER's has the routing id of the client that has gone."""
    server, name = c.bound(z.ZMQ_SERVER, endpoint, disconnect_msg=b"D")
    client = c.connected(z.ZMQ_CLIENT, name)
    send(client, b"Hello")
    ids = []
    for expected in (b"Hello", b"D"):
        msg = received(server)
        assert bytes(z.zmq_msg_data(msg)) == expected
        ids.append(z.zmq_msg_routing_id(msg))
        if expected == b"Hello":
            c.close(client)
    assert ids[0] == ids[1] != 0


def test_hiccup_msg__when_the_connection_is_lost(c):
    router, name = c.bound(z.ZMQ_ROUTER, TCP)
    dealer = c.connected(z.ZMQ_DEALER, name, hiccup_msg=b"HICCUP")
    send(dealer, b"Hello")
    recv(router)
    z.zmq_unbind(router, name)
    assert text(dealer) == "HICCUP"


@pytest.mark.parametrize("option", [z.ZMQ_HELLO_MSG, z.ZMQ_DISCONNECT_MSG, z.ZMQ_HICCUP_MSG])
def test_hello_msg__not_for_every_type(c, option):
    with fails(z.EINVAL):
        z.zmq_setsockopt(c.socket(z.ZMQ_PAIR), option, b"x", 1)


# -- properties of peers ---


def test_app_meta__is_seen_by_the_peer(c):
    rep, name = c.bound(z.ZMQ_REP, TCP, metadata="X-foo:bar")
    req = c.socket(z.ZMQ_REQ)
    for wrong in ("X-foo", "foo:bar", "X-foo:", ":bar"):
        with fails(z.EINVAL):
            z.zmq_setsockopt(req, z.ZMQ_METADATA, wrong)
    for value in ("X-hello:hello", "X-connection:primary"):
        z.zmq_setsockopt(req, z.ZMQ_METADATA, value, len(value))
    z.zmq_connect(req, name)
    send(req, b"x")
    msg = z.zmq_msg_t()
    z.zmq_msg_init(msg)
    z.zmq_msg_recv(msg, rep, 0)
    assert z.zmq_msg_gets(msg, "X-hello") == "hello"
    assert z.zmq_msg_gets(msg, "X-connection") == "primary"
    with fails(z.EINVAL):
        z.zmq_msg_gets(msg, "X-foobar")
    z.zmq_msg_send(msg, rep, 0)
    z.zmq_msg_recv(msg, req, 0)
    assert z.zmq_msg_gets(msg, "X-foo") == "bar"


def test_metadata__of_read_ahead_messages_is_kept(c):
    """A ROUTER with messages of two peers at hand tells each one's own properties."""
    router, name = c.bound(z.ZMQ_ROUTER, TCP)
    for ident in (b"one", b"two"):
        dealer = c.connected(z.ZMQ_DEALER, name, routing_id=ident)
        send(dealer, b"x")
    for _ in range(2):
        msg = z.zmq_msg_t()
        z.zmq_msg_init(msg)
        z.zmq_msg_recv(msg, router, 0)
        sender = bytes(z.zmq_msg_data(msg)).decode()
        assert z.zmq_msg_gets(msg, "Routing-Id") == sender
        z.zmq_msg_recv(msg, router, 0)
        assert z.zmq_msg_gets(msg, "Routing-Id") == sender


# -- STREAM ---


def test_stream__speaks_to_plain_tcp_both_ways(c):
    stream, _ = c.bound(z.ZMQ_STREAM, TCP)
    with plain.create_connection(("127.0.0.1", port_of(stream))) as peer:
        peer.settimeout(seconds(10))
        ident, notice = recv(stream)
        assert (len(ident), notice) == (5, b"")
        peer.sendall(b"hello")
        assert recv(stream) == [ident, b"hello"]
        send(stream, ident, b"world")
        assert peer.recv(100) == b"world"
    assert recv(stream) == [ident, b""]


def test_stream__speaks_zmtp_by_hand(c):
    dealer, name = c.bound(z.ZMQ_DEALER, TCP)
    stream = c.connected(z.ZMQ_STREAM, name)
    ident, _ = recv(stream)
    greeting = b"\xff" + bytes(8) + b"\x7f\3\0NULL" + bytes(16) + b"\0" + bytes(31)
    send(stream, ident, greeting)
    octets = b""
    while len(octets) < 64:
        octets += recv(stream)[1]
    assert (octets[0], octets[9], octets[10]) == (0xFF, 0x7F, 3)
    assert octets[12:32] == b"NULL".ljust(20, b"\0")
    ready = b"\5READY\x0bSocket-Type" + struct.pack(">I", 6) + b"ROUTER"
    send(stream, ident, b"\4" + bytes([len(ready)]) + ready)
    send(stream, ident, b"\0\5hello")
    assert text(dealer) == "hello"
    send(dealer, b"world")
    while b"\0\5world" not in octets:
        octets += recv(stream)[1]


def test_stream_disconnect__from_each_side(c):
    server, name = c.bound(z.ZMQ_STREAM, TCP)
    for closing_first in (True, False):
        client = c.connected(z.ZMQ_STREAM, name)
        theirs, _ = recv(client)
        ours, notice = recv(server)
        assert notice == b""
        first, ident, other = (client, theirs, server) if closing_first else (server, ours, client)
        send(first, ident, b"")
        assert recv(other)[1] == b""


def test_stream_empty__closes_the_connection(c):
    stream, _ = c.bound(z.ZMQ_STREAM, TCP)
    with RawClient(port_of(stream)) as peer:
        ident, _ = recv(stream)
        send(stream, ident, b"last")
        send(stream, ident, b"")
        assert peer.receive_until_closed() == b"last"


def test_stream_exceeds_buffer__large_chunks_are_whole(c):
    stream, _ = c.bound(z.ZMQ_STREAM, TCP)
    octets = bytes(range(256)) * 256
    with RawClient(port_of(stream)) as peer:
        ident, _ = recv(stream)
        peer.send(octets)
        found = b""
        while len(found) < len(octets):
            found += recv(stream)[1]
        assert found == octets
        send(stream, ident, octets)
        assert peer.receive(len(octets)) == octets


def test_stream_timeout__a_mute_peer_is_dropped_when_it_was_accepted(c):
    dealer, _ = c.bound(z.ZMQ_DEALER, TCP, handshake_ivl=50)
    watch = Watch(c, dealer, z.ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
    with RawClient(port_of(dealer)) as peer:
        peer.receive_until_closed()
    assert watch.next()[0] == z.ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL


def test_stream_timeout__a_mute_peer_is_dropped_when_it_was_connected_to(c):
    with plain.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(seconds(10))
        name = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        dealer = c.connected(z.ZMQ_DEALER, name, handshake_ivl=50, reconnect_ivl=1)
        first, _ = listener.accept()
        with first:
            first.settimeout(seconds(10))
            while first.recv(1000):
                pass
        again, _ = listener.accept()
        again.close()
    assert not events(dealer) & z.ZMQ_POLLIN


def test_stream_needs_a_name_and_a_body(c):
    stream = c.socket(z.ZMQ_STREAM)
    with fails(z.EINVAL):
        z.zmq_send(stream, b"x", 1, 0)
    with fails(z.EHOSTUNREACH):
        z.zmq_send(stream, b"x", 1, z.ZMQ_SNDMORE)


def test_router_waits_for_room_where_it_may(c):
    router, name = c.bound(z.ZMQ_ROUTER, "", router_mandatory=1, sndhwm=1)
    dealer = c.connected(z.ZMQ_DEALER, name, routing_id=b"X", rcvhwm=1)
    while True:
        try:
            send(router, b"X", b"y", flags=z.ZMQ_DONTWAIT)
        except z.ZMQError as error:
            if error.errno == z.EAGAIN:
                break
    thread = z.zmq_threadstart(lambda _: send(router, b"X", b"last"))
    while text(dealer) != "last":
        pass
    z.zmq_threadclose(thread)
    wait_for(router, z.ZMQ_POLLOUT)
