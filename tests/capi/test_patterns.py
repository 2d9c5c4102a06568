"""REQ, REP, DEALER, ROUTER, PUSH, PULL and PAIR, as libzmq's own test programs show them.

The name of a test begins with the program whose behaviour it holds.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket as plain
import struct

import pytest

from tests.capi.support import (
    PATIENCE,
    TCP,
    Watch,
    events,
    fails,
    last_endpoint,
    recv,
    send,
    silent,
    text,
    wait_for,
)
from tests.support import RawClient
from zmqthread import capi as z


def bounce(server, client):
    """Send a message of two frames there and back."""
    send(client, b"12345678ABCDEFGH12345678abcdefgh", b"12345678ABCDEFGH12345678abcdefgh")
    there = recv(server)
    send(server, *there)
    assert recv(client) == there == [b"12345678ABCDEFGH12345678abcdefgh"] * 2


def connections(socket):
    """Return how many peers are there, by what a monitor would tell."""
    return sum(pipe.plugged for pipe in list(socket._core.pipes))


def greeted(hub, peers):
    """Wait until a bound socket has a connection to each of its peers."""
    for _ in range(PATIENCE):
        if connections(hub) == len(peers):
            return
        z.zmq_poll([], 0, 1)
    raise AssertionError("they did not connect in time")


# -- REQ ---


def test_spec_req__round_robin_out(c, endpoint):
    req, name = c.bound(z.ZMQ_REQ, endpoint)
    reps = [c.connected(z.ZMQ_REP, name) for _ in range(3)]
    greeted(req, reps)
    served = []
    for _ in range(6):
        send(req, b"ABC")
        items = [z.zmq_pollitem_t(rep, 0, z.ZMQ_POLLIN) for rep in reps]
        assert z.zmq_poll(items, 3, PATIENCE) == 1
        (index,) = [i for i, item in enumerate(items) if item.revents]
        served.append(index)
        assert text(reps[index]) == "ABC"
        send(reps[index], b"DEF")
        assert text(req) == "DEF"
    assert sorted(served[:3]) == [0, 1, 2]
    assert served[3:] == served[:3]


def test_spec_req__only_listens_to_the_current_peer(c, endpoint):
    req, name = c.bound(z.ZMQ_REQ, endpoint)
    routers = [
        c.connected(z.ZMQ_ROUTER, name, routing_id=b"router", router_mandatory=1) for _ in range(2)
    ]
    for _ in range(4):
        send(req, b"ABC")
        items = [z.zmq_pollitem_t(router, 0, z.ZMQ_POLLIN) for router in routers]
        assert z.zmq_poll(items, 2, PATIENCE) == 1
        current, other = routers if items[0].revents else reversed(routers)
        name_of_req, *request = recv(current)
        assert request == [b"", b"ABC"]
        with contextlib.suppress(z.ZMQError):  # not connected yet
            send(other, name_of_req, b"", b"BAD", flags=z.ZMQ_DONTWAIT)
        send(current, name_of_req, b"", b"GOOD")
        assert text(req) == "GOOD"


def test_spec_req__request_and_reply_are_framed(c, endpoint):
    router, req = c.pair(z.ZMQ_ROUTER, z.ZMQ_REQ, endpoint)
    send(req, b"A", b"B")
    name, *request = recv(router)
    assert request == [b"", b"A", b"B"]
    send(router, name, b"", b"C", b"D")
    assert recv(req) == [b"C", b"D"]


def test_spec_req__blocks_without_a_peer(c):
    req = c.socket(z.ZMQ_REQ, sndtimeo=20)
    with fails(z.EAGAIN):
        z.zmq_send(req, b"", 0, z.ZMQ_DONTWAIT)
    with fails(z.EAGAIN):
        z.zmq_send(req, b"", 0, 0)


def test_spec_req__strict_turns(c):
    rep, req = c.pair(z.ZMQ_REP, z.ZMQ_REQ)
    with fails(z.EFSM):
        recv(req)
    send(req, b"A")
    with fails(z.EFSM):
        send(req, b"B")
    assert text(rep) == "A"


@pytest.mark.parametrize("bound", [z.ZMQ_REP, z.ZMQ_REQ])
def test_reqrep_inproc__bounce(c, bound):
    first, second = c.pair(bound, z.ZMQ_REQ if bound == z.ZMQ_REP else z.ZMQ_REP)
    bounce(*((first, second) if bound == z.ZMQ_REP else (second, first)))


@pytest.fixture(params=[TCP, "tcp://[::1]:*"], ids=["v4", "v6"])
def version(request, c):
    """Give an endpoint of one IP version, and the option it takes."""
    options = {"ipv6": int("::1" in request.param)}
    try:
        c.bound(z.ZMQ_REP, request.param, **options)
    except z.ZMQError:
        pytest.skip("there is no IPv6 here")
    return request.param, options


def test_reqrep_tcp__bounce(c, version):
    endpoint, options = version
    rep, name = c.bound(z.ZMQ_REP, endpoint, **options)
    bounce(rep, c.connected(z.ZMQ_REQ, name, **options))


@pytest.mark.parametrize("connect_again", ["same", "other"])
def test_reqrep_tcp__several_connects(c, version, connect_again):
    endpoint, options = version
    rep, name = c.bound(z.ZMQ_REP, endpoint, **options)
    z.zmq_bind(rep, endpoint)
    req = c.connected(z.ZMQ_REQ, name, **options)
    z.zmq_connect(req, name if connect_again == "same" else last_endpoint(rep))
    bounce(rep, req)
    z.zmq_disconnect(req, name)


def test_reqrep_tcp__disconnect_and_unbind(c):
    rep, req = c.pair(z.ZMQ_REP, z.ZMQ_REQ, TCP)
    name = last_endpoint(rep)
    bounce(rep, req)
    z.zmq_disconnect(req, name)
    z.zmq_unbind(rep, name)
    with fails(z.EAGAIN):
        z.zmq_send(req, b"x", 1, z.ZMQ_DONTWAIT)


def test_reqrep_tcp__other_names_of_the_loopback(c):
    rep, name = c.bound(z.ZMQ_REP, "tcp://*:*")
    req = c.connected(z.ZMQ_REQ, name.replace("0.0.0.0", "localhost"))
    bounce(rep, req)


def test_reqrep_ipc__bounce(c, directory):
    bounce(*c.pair(z.ZMQ_REP, z.ZMQ_REQ, f"ipc://{directory}/bounce"))


def test_reqrep_ipc__nothing_is_left_of_a_large_multipart(c, directory):
    dealer, rep = c.pair(z.ZMQ_DEALER, z.ZMQ_REP, f"ipc://{directory}/leak")
    assert silent(dealer)  # from its first wait on a socket has descriptors of its own
    assert silent(rep)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(20):
        send(dealer, b"", *[bytes(10000)] * 3)
        send(rep, *recv(rep))
        assert recv(dealer) == [b"", *[bytes(10000)] * 3]
    after = len(os.listdir("/proc/self/fd")) if before else 0
    assert after <= before + 1


def test_reqrep_device__hand_made(c):
    dealer, back = c.bound(z.ZMQ_DEALER, TCP)
    router, front = c.bound(z.ZMQ_ROUTER, TCP)
    rep, req = c.connected(z.ZMQ_REP, back), c.connected(z.ZMQ_REQ, front)
    send(req, b"ABC", b"DEF")
    send(dealer, *recv(router))
    assert recv(rep) == [b"ABC", b"DEF"]
    send(rep, b"GHI", b"JKL")
    send(router, *recv(dealer))
    assert recv(req) == [b"GHI", b"JKL"]


# -- REQ's options ---


def test_req_correlate__foreign_ids_are_discarded(c):
    req, name = c.bound(z.ZMQ_REQ, "", req_correlate=1)
    router = c.connected(z.ZMQ_ROUTER, name)
    send(req, b"ABC", b"DEF")
    route, ident, bottom, *body = recv(router)
    assert (len(ident), bottom, body) == (4, b"", [b"ABC", b"DEF"])
    wrong = bytes([ident[0] ^ 0xFF]) + ident[1:]
    send(router, route, wrong, b"", b"late")
    send(router, route, b"", b"no id")
    send(router, route, ident, b"", b"right")
    assert text(req) == "right"


def relaxed(c, endpoint="", **options):
    return c.bound(z.ZMQ_REQ, endpoint, req_relaxed=1, **options)


def test_req_relaxed__a_new_request_before_the_reply(c):
    req, name = relaxed(c, TCP, req_correlate=1)
    rep = c.connected(z.ZMQ_REP, name)
    send(req, b"one")
    assert text(rep) == "one"
    send(rep, b"first")
    wait_for(req)
    assert text(req) == "first"
    send(req, b"two")
    assert text(rep) == "two"


def test_req_relaxed__late_replies_are_dropped(c):
    router, name = c.bound(z.ZMQ_ROUTER)
    req = c.connected(z.ZMQ_REQ, name, req_relaxed=1, req_correlate=1)
    send(req, b"one")
    first = recv(router)
    send(req, b"two")
    second = recv(router)
    assert (first[-1], second[-1]) == (b"one", b"two")
    assert first[1] != second[1]
    send(router, *first)
    send(router, *second)
    assert text(req) == "two"
    assert silent(req)


def test_req_relaxed__the_peer_may_change_while_a_reply_is_due(c):
    """The second request goes to the other peer, and the first one's answer is not heard."""
    req, name = relaxed(c, req_correlate=1)
    reps = [c.connected(z.ZMQ_REP, name) for _ in range(2)]
    send(req, b"one")
    send(req, b"two")
    items = [z.zmq_pollitem_t(rep, 0, z.ZMQ_POLLIN) for rep in reps]
    assert z.zmq_poll(items, 2, PATIENCE) >= 1
    for rep in reps:
        wait_for(rep)
    bodies = {text(rep): rep for rep in reps}
    assert bodies.keys() == {"one", "two"}
    send(bodies["one"], b"one")
    send(bodies["two"], b"two")
    assert text(req) == "two"


def test_req_relaxed__reconnect(c):
    """A server that goes without an answer does not keep the client from asking the next one."""
    rep, name = c.bound(z.ZMQ_REP, TCP)
    req = c.connected(z.ZMQ_REQ, name, req_relaxed=1, req_correlate=1, reconnect_ivl=1)
    send(req, b"one")
    assert text(rep) == "one"
    watch = Watch(c, req, z.ZMQ_EVENT_DISCONNECTED)
    c.close(rep)
    watch.next()
    wait_again, _ = bind_again(c, z.ZMQ_REP, name)
    send(req, b"two")
    assert text(wait_again) == "two"
    send(wait_again, b"two")
    assert text(req) == "two"


def bind_again(c, kind, name):
    """Bind to an endpoint that a socket has just left, as soon as it is free."""
    while True:
        try:
            return c.bound(kind, name)
        except z.ZMQError as error:
            if error.errno != z.EADDRINUSE:
                raise


def test_invalid_rep__malformed_envelopes_do_not_disturb(c):
    router, name = c.bound(z.ZMQ_ROUTER)
    req = c.connected(z.ZMQ_REQ, name)
    for _ in range(2):
        send(req, b"r")
        address, bottom, body = recv(router)
        assert (bottom, body) == (b"", b"r")
        send(router, address)
        send(router, address, b"no bottom")
        send(router, address, b"", b"body")
        assert text(req) == "body"


# -- REP ---


def test_spec_rep__fair_queue_in(c, endpoint):
    rep, name = c.bound(z.ZMQ_REP, endpoint)
    reqs = [c.connected(z.ZMQ_REQ, name) for _ in range(5)]
    for _ in range(2):
        for index, req in enumerate(reqs):
            send(req, b"%d" % index)
        bodies = []
        for _ in reqs:
            bodies.append(text(rep))
            send(rep, bodies[-1])
        assert sorted(bodies) == ["0", "1", "2", "3", "4"]
        assert [text(req) for req in reqs] == ["0", "1", "2", "3", "4"]


def test_spec_rep__envelope_is_kept(c, endpoint):
    rep, name = c.bound(z.ZMQ_REP, endpoint)
    dealer = c.connected(z.ZMQ_DEALER, name)
    send(dealer, b"X", b"Y", b"", b"A")
    assert recv(rep) == [b"A"]
    send(rep, b"B")
    assert recv(dealer) == [b"X", b"Y", b"", b"B"]


# -- DEALER ---


def test_spec_dealer__round_robin_out(c, endpoint):
    dealer, name = c.bound(z.ZMQ_DEALER, endpoint)
    reps = [c.connected(z.ZMQ_REP, name) for _ in range(5)]
    greeted(dealer, reps)
    for _ in reps:
        send(dealer, b"", b"ABC")
    assert [text(rep) for rep in reps] == ["ABC"] * 5
    assert all(map(silent, reps[:1]))


def test_spec_dealer__fair_queue_in(c, endpoint):
    receiver, name = c.bound(z.ZMQ_DEALER, endpoint)
    senders = [c.connected(z.ZMQ_DEALER, name) for _ in range(5)]
    greeted(receiver, senders)
    for sender in senders:
        send(sender, b"A")
    for _ in senders:
        assert text(receiver) == "A"
    for index, sender in enumerate(senders):
        send(sender, b"%d" % index)
    assert {text(receiver) for _ in senders} == {"0", "1", "2", "3", "4"}
    assert silent(receiver)


@pytest.mark.parametrize("bound", [True, False])
def test_spec_dealer__blocks_without_a_peer(c, bound):
    dealer = c.socket(z.ZMQ_DEALER)
    if bound:
        z.zmq_bind(dealer, TCP)
    sends_nothing(dealer)


def sends_nothing(socket):
    """Check that there is nobody to send to, now and after a while."""
    z.zmq_setsockopt(socket, z.ZMQ_SNDTIMEO, 20)
    for flags in (z.ZMQ_DONTWAIT, 0):
        with fails(z.EAGAIN):
            z.zmq_send(socket, b"", 0, flags)


# -- ROUTER ---


def test_spec_router__fair_queue_in(c, endpoint):
    router, name = c.bound(z.ZMQ_ROUTER, endpoint)
    dealers = [c.connected(z.ZMQ_DEALER, name, routing_id=b"A%d" % n) for n in range(5)]
    send(dealers[0], b"M")
    assert recv(router) == [b"A0", b"M"]
    for dealer in dealers:
        send(dealer, b"M")
    assert sorted(recv(router)[0] for _ in dealers) == [b"A0", b"A1", b"A2", b"A3", b"A4"]


def reachable(router, ident):
    """Return whether a ROUTER knows a peer."""
    try:
        z.zmq_socket_get_peer_state(router, ident, len(ident))
    except z.ZMQError:
        return False
    return True


def test_issue_566__every_dealer_gets_through_to_a_router_of_another_context(c):
    router, name = c.bound(z.ZMQ_ROUTER, TCP, router_mandatory=1)
    for cycle in range(20):
        other = z.zmq_ctx_new()
        dealer = z.zmq_socket(other, z.ZMQ_DEALER)
        z.zmq_setsockopt(dealer, z.ZMQ_LINGER, 0)
        ident = b"%09d" % cycle
        z.zmq_setsockopt(dealer, z.ZMQ_ROUTING_ID, ident, 9)
        z.zmq_connect(dealer, name)
        while not reachable(router, ident):
            z.zmq_poll([], 0, 1)
        send(router, ident, b"HELLO")
        assert text(dealer) == "HELLO"
        z.zmq_close(dealer)
        z.zmq_ctx_term(other)


# -- PUSH and PULL ---


def test_spec_pushpull__round_robin_out(c, endpoint):
    push, name = c.bound(z.ZMQ_PUSH, endpoint)
    pulls = [c.connected(z.ZMQ_PULL, name) for _ in range(5)]
    greeted(push, pulls)
    for _ in range(10):
        send(push, b"ABC")
    for pull in pulls:
        assert [text(pull), text(pull)] == ["ABC", "ABC"]
        assert not events(pull) & z.ZMQ_POLLIN


def test_spec_pushpull__fair_queue_in(c, endpoint):
    pull, name = c.bound(z.ZMQ_PULL, endpoint)
    pushes = [c.connected(z.ZMQ_PUSH, name) for _ in range(5)]
    for _ in range(2):
        for index, push in enumerate(pushes):
            send(push, b"%d" % index)
    if not endpoint:
        assert [text(pull) for _ in range(10)] == ["0", "1", "2", "3", "4"] * 2
    else:
        assert sorted(text(pull) for _ in range(10)) == sorted("0123401234")


@pytest.mark.parametrize("bound", [False, True])
def test_spec_pushpull__push_blocks_without_a_peer(c, bound, endpoint):
    sends_nothing(c.bound(z.ZMQ_PUSH, endpoint)[0] if bound else c.socket(z.ZMQ_PUSH))


def test_spec_pushpull__a_multipart_of_a_lost_peer_is_dropped_whole(c, endpoint):
    push, name = c.bound(z.ZMQ_PUSH, endpoint)
    one = c.connected(z.ZMQ_PULL, name)
    greeted(push, [one])
    send(push, b"0")
    assert text(one) == "0"
    z.zmq_send(push, b"1", 1, z.ZMQ_SNDMORE)
    z.zmq_send(push, b"2", 1, z.ZMQ_SNDMORE)
    c.close(one)
    greeted(push, [])
    other = c.connected(z.ZMQ_PULL, name)
    greeted(push, [other])
    z.zmq_send(push, b"3", 1, 0)
    send(push, b"4", b"5")
    assert recv(other) == [b"4", b"5"]


# -- PAIR ---


def test_pair_inproc__bounce(c):
    bounce(*c.pair(z.ZMQ_PAIR, z.ZMQ_PAIR))


def test_pair_inproc__constant_data(c):
    bound, connected = c.pair(z.ZMQ_PAIR, z.ZMQ_PAIR)
    assert z.zmq_send_const(connected, b"foo", 3, 0) == 3
    assert z.zmq_send_const(connected, b"foobar", 6, 0) == 6
    assert [text(bound), text(bound)] == ["foo", "foobar"]


def test_pair_ipc__bounce(c, directory):
    bounce(*c.pair(z.ZMQ_PAIR, z.ZMQ_PAIR, f"ipc://{directory}/pair"))


def test_pair_ipc__a_path_that_is_too_long(c):
    socket = c.socket(z.ZMQ_PAIR)
    with fails(36):  # ENAMETOOLONG
        z.zmq_bind(socket, "ipc://" + "x" * 150)


def test_pair_tcp__bounce(c):
    bounce(*c.pair(z.ZMQ_PAIR, z.ZMQ_PAIR, TCP))


def test_pair_tcp__bounce_by_name(c):
    bound, name = c.bound(z.ZMQ_PAIR, TCP)
    bounce(bound, c.connected(z.ZMQ_PAIR, name.replace("127.0.0.1", "localhost")))


def test_pair_tcp__connecting_twice_is_no_error(c):
    bound, connected = c.pair(z.ZMQ_PAIR, z.ZMQ_PAIR, TCP)
    z.zmq_connect(connected, last_endpoint(bound))
    bounce(bound, connected)


def test_pair_tcp__fast_path_option(c):
    bound, name = c.bound(z.ZMQ_PAIR, TCP, loopback_fastpath=1)
    assert z.zmq_getsockopt(bound, z.ZMQ_LOOPBACK_FASTPATH) == 1
    bounce(bound, c.connected(z.ZMQ_PAIR, name, loopback_fastpath=1))


@pytest.mark.skipif(not hasattr(plain, "SO_BINDTODEVICE"), reason="the system has no such option")
def test_pair_tcp_cap_net_admin__bounce_over_a_device(c):
    """Linux before 5.7 wants a capability for it."""
    bound = c.socket(z.ZMQ_PAIR, bindtodevice="lo")
    try:
        z.zmq_bind(bound, TCP)
    except z.ZMQError as error:
        if error.errno != errno.EPERM:
            raise
        pytest.skip("needs the capability NET_ADMIN or Linux 5.7")
    bounce(bound, c.connected(z.ZMQ_PAIR, last_endpoint(bound), bindtodevice="lo"))


# -- every type may be used by several threads ---


@pytest.mark.parametrize("kind", [z.ZMQ_PAIR, z.ZMQ_DEALER, z.ZMQ_SUB])
def test_thread_safe__option(c, kind):
    assert z.zmq_getsockopt(c.socket(kind), z.ZMQ_THREAD_SAFE) == 1


def test_thread_safe__two_threads_receive_from_one_socket(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    taken = []
    threads = [z.zmq_threadstart(lambda _: taken.extend(recv(pull))) for _ in range(2)]
    send(push, b"a")
    send(push, b"b")
    for thread in threads:
        z.zmq_threadclose(thread)
    assert sorted(taken) == [b"a", b"b"]


# -- a peer that speaks to the letter ---

GREETING = b"\xff" + bytes(8) + b"\x7f\x03%c" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)


def handshake(peer: RawClient, kind: bytes, minor: int) -> None:
    """Do the NULL handshake of ZMTP 3."""
    peer.send(GREETING % minor)
    peer.receive(64)
    ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
    peer.send(b"\x04" + bytes([len(ready)]) + ready)
    (size,) = peer.receive(2)[1:]
    peer.receive(size)


@pytest.mark.parametrize(("minor", "subscription"), [
    (1, b"\x04\x0b\x09SUBSCRIBEA"), (0, b"\x00\x02\x01A"),
])  # fmt: skip
def test_mock_pub_sub__a_raw_subscriber(c, minor, subscription):
    """A subscription is a command in ZMTP 3.1 and a message before."""
    xpub, name = c.bound(z.ZMQ_XPUB, TCP)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        handshake(peer, b"SUB", minor)
        peer.send(subscription)
        assert recv(xpub) == [b"\x01A"]
        send(xpub, b"ALOL")
        assert peer.receive(6) == b"\x00\x04ALOL"


@pytest.mark.parametrize("minor", [0, 1])
def test_mock_pub_sub__a_raw_publisher(c, minor):
    with plain.create_server(("127.0.0.1", 0)) as listener:
        sub = c.connected(z.ZMQ_SUB, f"tcp://127.0.0.1:{listener.getsockname()[1]}", subscribe=b"A")
        peer = RawClient.__new__(RawClient)
        peer.socket = listener.accept()[0]
        with peer:
            peer.socket.settimeout(10)
            handshake(peer, b"PUB", minor)
            expected = b"\x04\x0b\x09SUBSCRIBEA" if minor else b"\x00\x02\x01A"
            assert peer.receive(len(expected)) == expected
            peer.send(b"\x00\x04ALOL")
            assert text(sub) == "ALOL"


def test_metadata_of_a_message_is_that_of_its_connection(c):
    rep, name = c.bound(z.ZMQ_REP, TCP)
    req = c.connected(z.ZMQ_REQ, name, routing_id=b"IDENT")
    send(req, b"a")
    msg = z.zmq_msg_t()
    z.zmq_msg_init(msg)
    z.zmq_msg_recv(msg, rep, 0)
    assert z.zmq_msg_gets(msg, z.ZMQ_MSG_PROPERTY_ROUTING_ID) == "IDENT"
    assert z.zmq_msg_gets(msg, "Identity") == "IDENT"
    assert z.zmq_msg_gets(msg, z.ZMQ_MSG_PROPERTY_SOCKET_TYPE) == "REQ"
    assert z.zmq_msg_gets(msg, z.ZMQ_MSG_PROPERTY_PEER_ADDRESS).startswith("127.0.0.1")
    with fails(z.EINVAL):
        z.zmq_msg_gets(msg, "Never-Heard-Of")
    z.zmq_msg_close(msg)


def test_watch_sees_the_handshake(c):
    rep, name = c.bound(z.ZMQ_REP, TCP)
    watch = Watch(c, rep, z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
    c.connected(z.ZMQ_REQ, name)
    assert watch.next()[0] == z.ZMQ_EVENT_HANDSHAKE_SUCCEEDED
