"""bind, connect, unbind and disconnect over inproc, ipc and tcp; reconnection; filters."""

from __future__ import annotations

import errno
import os
import socket as plain

import pytest

from tests.capi.support import (
    PATIENCE,
    TCP,
    Watch,
    fails,
    last_endpoint,
    received,
    recv,
    send,
    silent,
    text,
)
from tests.support import LOOPBACK, free_port
from zmqthread import capi as z


def bind_when_free(c, kind, name, **options):
    """Bind to an endpoint that was in use a moment ago."""
    socket = c.socket(kind, **options)
    for _ in range(PATIENCE):
        try:
            z.zmq_bind(socket, name)
        except z.ZMQError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            z.zmq_poll([], 0, 1)
        else:
            return socket
    raise AssertionError(f"{name} does not become free")


# -- tcp ---


def test_bind_after_connect_tcp__messages_arrive(c):
    name = f"tcp://{LOOPBACK}:{free_port()}"
    dealer = c.connected(z.ZMQ_DEALER, name, reconnect_ivl=5)
    for number in range(6):
        send(dealer, b"%d" % number)
    router = c.socket(z.ZMQ_ROUTER)
    z.zmq_bind(router, name)
    assert [recv(router)[1] for _ in range(6)] == [b"%d" % n for n in range(6)]


def test_bind_src_address__is_where_the_connection_comes_from(c):
    pull, name = c.bound(z.ZMQ_PULL, TCP)
    port = name.rpartition(":")[2]
    watch = Watch(c, pull, z.ZMQ_EVENT_ACCEPTED)
    push = c.socket(z.ZMQ_PUSH)
    for source in ("127.0.0.1:0", "127.0.0.1", "localhost:0"):
        z.zmq_connect(push, f"tcp://{source};127.0.0.1:{port}")
        watch.next()
    with fails(z.EINVAL):
        z.zmq_connect(push, f"tcp://*:0;127.0.0.1:{port}")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_connect_resolve__names(c, host):
    _, name = c.bound(z.ZMQ_PUB, TCP)
    z.zmq_connect(c.socket(z.ZMQ_PUB), f"tcp://{host}:{name.rpartition(':')[2]}")


@pytest.mark.parametrize("endpoint", [
    "tcp://localhost:invalid", "tcp://in val id:1234", "tcp://", "tcp://192.168.0.200:*",
    "tcp://localhost", " tcp://localhost:1234", "tcp://:5555x",
])  # fmt: skip
def test_connect_resolve__malformed(c, endpoint):
    with fails(z.EINVAL if "://" in endpoint[:6] else z.EPROTONOSUPPORT):
        z.zmq_connect(c.socket(z.ZMQ_PUB), endpoint)


@pytest.mark.parametrize("endpoint", ["invalid://localhost:1234", "TCP://localhost:1234"])
def test_connect_resolve__no_transport(c, endpoint):
    with fails(z.EPROTONOSUPPORT):
        z.zmq_connect(c.socket(z.ZMQ_PUB), endpoint)


def test_last_endpoint__follows_the_binds(c):
    socket = c.socket(z.ZMQ_ROUTER)
    assert last_endpoint(socket) == ""
    found = set()
    for _ in range(2):
        z.zmq_bind(socket, TCP)
        found.add(last_endpoint(socket))
    name = c.name()
    z.zmq_bind(socket, name)
    assert last_endpoint(socket) == name
    assert len(found) == 2
    assert all(one.startswith("tcp://127.0.0.1:") and not one.endswith("*") for one in found)
    memory, room = bytearray(64), [64]
    z.zmq_getsockopt(socket, z.ZMQ_LAST_ENDPOINT, memory, room)
    assert memory[: room[0]] == name.encode() + b"\0"
    with fails(z.EINVAL):
        z.zmq_getsockopt(socket, z.ZMQ_LAST_ENDPOINT, bytearray(3), [3])


def test_term_endpoint__unbind(c):
    push, name = c.bound(z.ZMQ_PUSH, TCP)
    pull = c.connected(z.ZMQ_PULL, name)
    send(push, b"ABC")
    assert text(pull) == "ABC"
    z.zmq_unbind(push, name)
    with fails(z.EAGAIN):
        for _ in range(100_000):
            send(push, b"ABC", flags=z.ZMQ_DONTWAIT)
    with fails(errno.ENOENT):
        z.zmq_unbind(push, name)


def test_term_endpoint__disconnect(c):
    pull, name = c.bound(z.ZMQ_PULL, TCP)
    push = c.connected(z.ZMQ_PUSH, name)
    send(push, b"ABC")
    assert text(pull) == "ABC"
    z.zmq_disconnect(push, name)
    with fails(z.EAGAIN):
        send(push, b"ABC", flags=z.ZMQ_DONTWAIT)
    with fails(errno.ENOENT):
        z.zmq_disconnect(push, name)


def test_term_endpoint__wildcards_and_what_is_no_endpoint(c):
    push, name = c.bound(z.ZMQ_PUSH, TCP)
    with fails(errno.ENOENT):
        z.zmq_unbind(push, TCP)
    for call in (z.zmq_unbind, z.zmq_disconnect):
        with fails(z.EINVAL):
            call(push, "invalid")
        with fails(z.EINVAL):
            call(push, None)
    z.zmq_unbind(push, name)


@pytest.mark.parametrize("endpoint", [
    "tcp://*:*", "tcp://127.0.0.1:*", "tcp://*:{port}", "tcp://[::]:*", "tcp://[::1]:*",
])  # fmt: skip
def test_unbind_wildcard__by_the_last_endpoint(c, endpoint):
    if "[" in endpoint and not plain.has_ipv6:
        pytest.skip("the system has no IPv6")
    wanted = endpoint.format(port=free_port())
    socket = c.socket(z.ZMQ_ROUTER, ipv6=int("[" in endpoint))
    try:
        z.zmq_bind(socket, wanted)
    except z.ZMQError as error:
        if "[" in endpoint and error.errno == errno.EADDRNOTAVAIL:
            pytest.skip("the loopback has no IPv6 address")
        raise
    if wanted != last_endpoint(socket):
        with fails(errno.ENOENT):
            z.zmq_unbind(socket, wanted)
    z.zmq_unbind(socket, last_endpoint(socket))


# -- inproc ---


def test_inproc_connect__bind_before_connect(c):
    pull, push = c.pair(z.ZMQ_PAIR, z.ZMQ_PAIR)
    send(push, b"foobar")
    assert text(pull) == "foobar"


def test_inproc_connect__connect_before_bind(c):
    push = c.connected(z.ZMQ_PAIR, name := c.name())
    send(push, b"foobar")
    pull = c.socket(z.ZMQ_PAIR)
    z.zmq_bind(pull, name)
    assert text(pull) == "foobar"


def test_inproc_connect__connect_before_bind_and_close_first(c):
    push = c.connected(z.ZMQ_PUSH, name := c.name())
    send(push, b"foobar")
    pull, _ = c.bound(z.ZMQ_PULL, name)
    c.close(push)
    assert text(pull) == "foobar"


@pytest.mark.parametrize("linger", [0])
def test_inproc_connect__connect_only(c, linger):
    c.connected(z.ZMQ_PUSH, c.name(), linger=linger)


def test_inproc_connect__term_before_the_bind():
    ctx = z.zmq_ctx_new()
    dealer = z.zmq_socket(ctx, z.ZMQ_DEALER)
    z.zmq_setsockopt(dealer, z.ZMQ_LINGER, 20)
    z.zmq_connect(dealer, "inproc://nobody")
    z.zmq_send(dealer, b"x")
    z.zmq_close(dealer)
    assert z.zmq_ctx_term(ctx) == 0


def test_inproc_connect__several_connects_before_the_bind(c):
    name = c.name()
    pushes = [c.connected(z.ZMQ_PUSH, name) for _ in range(10)]
    for push in pushes:
        send(push, b"foobar")
    pull, _ = c.bound(z.ZMQ_PULL, name)
    assert [text(pull) for _ in range(10)] == ["foobar"] * 10


def test_inproc_connect__from_many_threads(c):
    name = c.name()

    def work(_):
        push = c.connected(z.ZMQ_PUSH, name)
        send(push, b"foobar")

    threads = [z.zmq_threadstart(work) for _ in range(10)]
    pull, _ = c.bound(z.ZMQ_PULL, name)
    assert [text(pull) for _ in range(10)] == ["foobar"] * 10
    for thread in threads:
        z.zmq_threadclose(thread)


@pytest.mark.parametrize("bind_first", [True, False])
def test_inproc_connect__names_of_peers(c, bind_first):
    name = c.name()
    router, dealer = c.socket(z.ZMQ_ROUTER), c.socket(z.ZMQ_DEALER, routing_id=b"X")
    steps = [lambda: z.zmq_bind(router, name), lambda: z.zmq_connect(dealer, name)]
    for step in steps if bind_first else reversed(steps):
        step()
    send(dealer, b"", b"x")
    assert recv(router) == [b"X", b"", b"x"]
    send(router, b"X", b"y")
    assert text(dealer) == "y"


def test_inproc_connect__unbind_frees_the_name(c):
    first, name = c.bound(z.ZMQ_PAIR)
    with fails(errno.EADDRINUSE):
        z.zmq_bind(c.socket(z.ZMQ_PAIR), name)
    z.zmq_unbind(first, name)
    second = c.socket(z.ZMQ_PAIR)
    z.zmq_bind(second, name)
    send(c.connected(z.ZMQ_PAIR, name), b"x")
    assert text(second) == "x"
    assert silent(first)


def test_inproc_connect__shutdown_while_it_is_pending():
    ctx = z.zmq_ctx_new()
    push = z.zmq_socket(ctx, z.ZMQ_PUSH)
    z.zmq_connect(push, "inproc://nobody")
    z.zmq_ctx_shutdown(ctx)
    z.zmq_close(push)
    assert z.zmq_ctx_term(ctx) == 0


# -- ipc ---


def test_ipc_wildcard__each_its_own(c):
    one, other = (c.bound(z.ZMQ_PAIR, "ipc://*") for _ in range(2))
    assert one[1] != other[1]
    send(c.connected(z.ZMQ_PAIR, one[1]), b"x")
    assert text(one[0]) == "x"


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="abstract names are Linux's")
def test_abstract_ipc__round_trip(c):
    name = f"ipc://@zmqthread-{os.getpid()}"
    bound, connected = c.pair(z.ZMQ_PAIR, z.ZMQ_PAIR, name)
    assert last_endpoint(bound) == name
    send(connected, b"x")
    assert text(bound) == "x"


def test_abstract_ipc__empty_name(c):
    with fails(z.EINVAL):
        z.zmq_bind(c.socket(z.ZMQ_PAIR), "ipc://@")


def test_rebind_ipc__after_the_unbind(c, directory):
    name = f"ipc://{directory}/socket"
    one, _ = c.bound(z.ZMQ_PAIR, name)
    z.zmq_unbind(one, name)
    other = bind_when_free(c, z.ZMQ_PAIR, name)
    send(c.connected(z.ZMQ_PAIR, name), b"x")
    assert text(other) == "x"


# -- reconnection ---


def connected_pair(c, name, **options):
    bound, name = c.bound(z.ZMQ_PAIR, name)
    connecter = c.connected(z.ZMQ_PAIR, name, **options)
    send(connecter, b"x")
    assert text(bound) == "x"
    return bound, connecter, name


@pytest.mark.parametrize("transport", ["tcp", "tcp6", "ipc"])
def test_reconnect_ivl__none_when_it_is_minus_one(c, transport, directory):
    endpoints = {"tcp": TCP, "tcp6": "tcp://[::1]:*", "ipc": f"ipc://{directory}/socket"}
    z.zmq_ctx_set(c.ctx, z.ZMQ_IPV6, int(transport == "tcp6"))
    try:
        bound, connecter, name = connected_pair(c, endpoints[transport], reconnect_ivl=-1)
    except z.ZMQError:
        if transport != "tcp6":
            raise
        pytest.skip("there is no IPv6 here")
    watch = Watch(c, connecter, z.ZMQ_EVENT_DISCONNECTED | z.ZMQ_EVENT_CONNECT_RETRIED)
    z.zmq_unbind(bound, name)
    assert watch.next()[0] == z.ZMQ_EVENT_DISCONNECTED
    again = bind_when_free(c, z.ZMQ_PAIR, name)
    assert silent(watch.socket)
    z.zmq_disconnect(connecter, name)
    z.zmq_connect(connecter, name)
    send(connecter, b"y")
    assert text(again) == "y"


def test_reconnect_options__default_is_to_try_again(c):
    bound, connecter, name = connected_pair(c, TCP, reconnect_ivl=1)
    watch = Watch(c, connecter, z.ZMQ_EVENT_CONNECT_RETRIED | z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
    c.close(bound)
    assert watch.next()[0] == z.ZMQ_EVENT_CONNECT_RETRIED
    bind_when_free(c, z.ZMQ_PAIR, name)
    watch.until(z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED)


def test_reconnect_options__intervals_grow_to_the_maximum(c):
    socket = c.socket(z.ZMQ_PUB, reconnect_ivl=2, reconnect_ivl_max=9)
    watch = Watch(c, socket, z.ZMQ_EVENT_CONNECT_RETRIED)
    z.zmq_connect(socket, f"tcp://{LOOPBACK}:{free_port()}")
    assert [watch.next()[1] for _ in range(5)] == [2, 4, 8, 9, 9]


def test_reconnect_options__stop_when_refused(c):
    socket = c.socket(z.ZMQ_PUB, reconnect_ivl=1, reconnect_stop=z.ZMQ_RECONNECT_STOP_CONN_REFUSED)
    watch = Watch(c, socket, z.ZMQ_EVENT_CLOSED | z.ZMQ_EVENT_CONNECT_RETRIED)
    z.zmq_connect(socket, f"tcp://{LOOPBACK}:{free_port()}")
    assert watch.next()[0] == z.ZMQ_EVENT_CLOSED
    assert silent(watch.socket)


def test_reconnect_options__stop_when_the_handshake_fails(c):
    stream, name = c.bound(z.ZMQ_STREAM, TCP)
    stop = z.ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED
    socket = c.socket(z.ZMQ_SUB, reconnect_ivl=1, reconnect_stop=stop)
    failed = z.ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | z.ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
    watch = Watch(c, socket, failed | z.ZMQ_EVENT_CONNECT_RETRIED)
    z.zmq_connect(socket, name)
    ident, _ = recv(stream)
    send(stream, ident, b"This is not a greeting of any version.")
    assert watch.next()[0] & failed
    assert silent(watch.socket)


def test_reconnect_options__stop_after_disconnect(c):
    """Disconnecting while an attempt is pending leaves nothing that goes on trying."""
    stop = z.ZMQ_RECONNECT_STOP_AFTER_DISCONNECT
    name = f"tcp://{LOOPBACK}:{free_port()}"
    socket = c.socket(z.ZMQ_SUB, reconnect_ivl=1, reconnect_stop=stop)
    watch = Watch(c, socket, z.ZMQ_EVENT_CONNECT_RETRIED)
    z.zmq_connect(socket, name)
    watch.next()
    z.zmq_disconnect(socket, name)
    while not silent(watch.socket):
        watch.next()


# -- filters ---


@pytest.mark.parametrize(("network", "heard"), [
    ("127.0.0.1", True), ("127.0.0.1/32", True), ("127.0.0.0/8", True), ("0.0.0.0/0", True),
    ("127.0.0.2", False), ("10.0.0.0/8", False), ("192.0.2.1/24", False), ("::1", False),
])  # fmt: skip
def test_tcp_accept_filter__by_network(c, network, heard):
    pull, name = c.bound(z.ZMQ_PULL, TCP, tcp_accept_filter=network)
    push = c.connected(z.ZMQ_PUSH, name, immediate=1, reconnect_ivl=-1)
    item = z.zmq_pollitem_t(push, 0, z.ZMQ_POLLOUT)
    if heard:
        send(push, b"x")
        assert text(pull) == "x"
    else:
        watch = Watch(c, pull, z.ZMQ_EVENT_ACCEPTED)
        assert z.zmq_poll([item, z.zmq_pollitem_t(watch.socket, 0, 1)], 2, 50) == 0


@pytest.mark.parametrize("network", ["", "x", "1.2.3", "127.0.0.1/33", "::1/129", "127.0.0.1/-1"])
def test_tcp_accept_filter__malformed_or_clearing(c, network):
    socket = c.socket(z.ZMQ_PULL)
    if network:
        with fails(z.EINVAL):
            z.zmq_setsockopt(socket, z.ZMQ_TCP_ACCEPT_FILTER, network, len(network))
    z.zmq_setsockopt(socket, z.ZMQ_TCP_ACCEPT_FILTER, None, 0)


IDS = {
    z.ZMQ_IPC_FILTER_UID: os.getuid(),
    z.ZMQ_IPC_FILTER_GID: os.getgid(),
    z.ZMQ_IPC_FILTER_PID: os.getpid(),
}


@pytest.mark.skipif(not hasattr(plain, "SO_PEERCRED"), reason="the system does not tell")
@pytest.mark.parametrize("option", IDS)
@pytest.mark.parametrize("wanted", ["mine", "another", "both", "others"])
def test_filter_ipc__by_who_it_is(c, option, wanted, directory):
    pull = c.socket(z.ZMQ_PULL)
    me = IDS[option]
    allowed = {"mine": [me], "another": [me + 1], "both": [me + 1, me], "others": [me + 1, me + 2]}
    for number in allowed[wanted]:
        z.zmq_setsockopt(pull, option, number)
    z.zmq_bind(pull, f"ipc://{directory}/socket")
    push = c.connected(z.ZMQ_PUSH, last_endpoint(pull), immediate=1, reconnect_ivl=-1)
    if me not in allowed[wanted]:
        assert z.zmq_poll([z.zmq_pollitem_t(push, 0, z.ZMQ_POLLOUT)], 1, 50) == 0
    else:
        send(push, b"x")
        assert text(pull) == "x"


# -- descriptors made elsewhere ---


@pytest.mark.parametrize("kinds", [
    (z.ZMQ_REP, z.ZMQ_REQ), (z.ZMQ_PAIR, z.ZMQ_PAIR), (z.ZMQ_SERVER, z.ZMQ_CLIENT),
])  # fmt: skip
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_use_fd__an_adopted_listener(c, kinds, transport, directory):
    if transport == "tcp":
        listener = plain.create_server((LOOPBACK, 0))
        name = f"tcp://{LOOPBACK}:{listener.getsockname()[1]}"
    else:
        listener = plain.socket(plain.AF_UNIX)
        listener.bind(f"{directory}/socket")
        listener.listen()
        name = f"ipc://{directory}/socket"
    server = c.socket(kinds[0], use_fd=listener.detach())
    z.zmq_bind(server, name)
    client = c.connected(kinds[1], name)
    send(client, b"there")
    msg = received(server)
    assert bytes(z.zmq_msg_data(msg)) == b"there"
    z.zmq_msg_send(msg, server, 0)  # with its routing id, where there is one
    assert text(client) == "there"


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_bind_fuzzer__any_text_is_bound_or_refused(c, transport):
    """No endpoint, whatever it is made of, does more harm than an error."""
    for rest in ("", "*", "@", "\0", "\x7f" * 300, "[", "[::", "%", ";", ":", "-1:-1", "a" * 99999):
        with fails_or_not():
            z.zmq_bind(c.socket(z.ZMQ_PAIR), f"{transport}://{rest}/no/such/place")
        with fails_or_not():
            z.zmq_connect(c.socket(z.ZMQ_PAIR), f"{transport}://{rest}")


class fails_or_not:  # noqa: N801 - beside fails
    """Accept success or a ZMQError, and nothing else."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return isinstance(error, z.ZMQError)
