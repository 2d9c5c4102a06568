"""The types that are drafts in libzmq, through the flat API."""

from __future__ import annotations

import threading
from errno import ENOENT

import pytest

from tests.capi.support import (
    TCP,
    Watch,
    fails,
    received,
    send,
    silent,
    text,
    wait_for,
)
from zmqthread import capi as z

SINGLE = ["CLIENT", "SERVER", "RADIO", "SCATTER", "PEER", "CHANNEL"]


def labelled(octets, routing_id=0, group=""):
    """Make a message with a label."""
    msg = z.zmq_msg_t()
    z.zmq_msg_init_buffer(msg, octets)
    if routing_id:
        z.zmq_msg_set_routing_id(msg, routing_id)
    if group:
        z.zmq_msg_set_group(msg, group)
    return msg


def contents(msg):
    return bytes(z.zmq_msg_data(msg))


# -- single frames ---


@pytest.mark.parametrize("kind", SINGLE)
def test_thread_safe__no_socket_sends_several_frames(c, kind):
    socket = c.socket(getattr(z, f"ZMQ_{kind}"))
    with fails(z.EINVAL):
        z.zmq_send(socket, b"x", flags=z.ZMQ_SNDMORE)
    with fails(z.EINVAL):
        z.zmq_msg_send(labelled(b"x", 5, "g"), socket, z.ZMQ_SNDMORE | z.ZMQ_DONTWAIT)


@pytest.mark.parametrize("kind", ["CLIENT", "SERVER", "DISH", "GATHER", "PEER", "CHANNEL"])
def test_thread_safe__a_message_has_one_frame(c, kind):
    socket = c.socket(getattr(z, f"ZMQ_{kind}"))
    assert z.zmq_getsockopt(socket, z.ZMQ_THREAD_SAFE) == 1


# -- CLIENT and SERVER ---


def test_client_server__replies_go_by_routing_id(c, endpoint):
    server, client = c.pair(z.ZMQ_SERVER, z.ZMQ_CLIENT, endpoint)
    send(client, b"X")
    request = received(server)
    number = z.zmq_msg_routing_id(request)
    assert number
    assert contents(request) == b"X"
    assert z.zmq_msg_send(labelled(b"HELLO", number), server, 0) == 5
    reply = received(client)
    assert contents(reply) == b"HELLO"
    assert z.zmq_msg_routing_id(reply) == 0


def test_client_server__a_message_goes_back_as_it_came(c, endpoint):
    server, client = c.pair(z.ZMQ_SERVER, z.ZMQ_CLIENT, endpoint)
    send(client, b"X")
    z.zmq_msg_send(received(server), server, 0)
    assert text(client) == "X"


def test_client_server__numbers_are_not_zero(c):
    with fails(z.EINVAL):
        z.zmq_msg_set_routing_id(labelled(b""), 0)
    server = c.socket(z.ZMQ_SERVER)
    for msg in (labelled(b"x"), labelled(b"x", 7)):
        with fails(z.EHOSTUNREACH):
            z.zmq_msg_send(msg, server, 0)


def test_client_server__neither_drops(c, endpoint):
    server, name = c.bound(z.ZMQ_SERVER, endpoint, sndhwm=1, rcvhwm=1)
    client = c.connected(z.ZMQ_CLIENT, name, sndhwm=1, rcvhwm=1)
    send(client, b"first")
    number = z.zmq_msg_routing_id(received(server))
    for sender, receiver, to in ((client, server, 0), (server, client, number)):
        sent = 0
        with fails(z.EAGAIN):
            while sent < 100_000:
                z.zmq_msg_send(labelled(b"%d" % sent + bytes(10_000), to), sender, z.ZMQ_DONTWAIT)
                sent += 1
        for index in range(sent):
            assert contents(received(receiver)) == b"%d" % index + bytes(10_000)


def test_client_server__an_empty_message_ends_a_wait(c, endpoint):
    server, client = c.pair(z.ZMQ_SERVER, z.ZMQ_CLIENT, endpoint)
    got = []
    reader = threading.Thread(target=lambda: got.append(contents(received(server))))
    reader.start()
    assert silent(client)
    send(client, b"")
    reader.join()
    assert got == [b""]


# -- SCATTER and GATHER ---


def test_scatter_gather__work_is_shared(c, endpoint):
    scatter, name = c.bound(z.ZMQ_SCATTER, endpoint)
    gathers = [c.connected(z.ZMQ_GATHER, name) for _ in range(2)]
    for gather in gathers:
        while silent(gather):  # until it has come, too
            send(scatter, b"work")
    for _ in gathers:
        send(scatter, b"one for each")
    for gather in gathers:
        while text(gather) != "one for each":
            pass
    for number in range(100):
        send(scatter, b"%d" % number)
    shares = [[int(text(gather)) for _ in range(50)] for gather in gathers]
    assert sorted(shares) == [list(range(0, 100, 2)), list(range(1, 100, 2))]


# -- PEER ---


def test_peer__speaks_first_to_whom_it_connects(c, endpoint):
    one, name = c.bound(z.ZMQ_PEER, endpoint)
    other = c.socket(z.ZMQ_PEER)
    number = z.zmq_connect_peer(other, name)
    assert number
    z.zmq_msg_send(labelled(b"X", number), other, 0)
    request = received(one)
    assert contents(request) == b"X"
    z.zmq_msg_send(labelled(b"HELLO", z.zmq_msg_routing_id(request)), one, 0)
    reply = received(other)
    assert (contents(reply), z.zmq_msg_routing_id(reply)) == (b"HELLO", number)


def test_peer__every_connection_has_a_number_whatever_thread_makes_it(c):
    one, name = c.bound(z.ZMQ_PEER)
    other = c.socket(z.ZMQ_PEER)
    numbers = []
    threads = [
        threading.Thread(target=lambda: numbers.append(z.zmq_connect_peer(other, name)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 8
    for number in numbers:
        z.zmq_msg_send(labelled(b"%d" % number, number), other, 0)
    assert sorted(contents(received(one)) for _ in numbers) == sorted(b"%d" % n for n in numbers)


@pytest.mark.parametrize("who", ["accepted", "connected"])
def test_peer_disconnect__one_peer_is_dropped_and_the_others_stay(c, endpoint, who):
    hub, name = c.bound(z.ZMQ_PEER, endpoint)
    gone, stays = c.socket(z.ZMQ_PEER), c.socket(z.ZMQ_PEER)
    theirs = [z.zmq_connect_peer(peer, name) for peer in (gone, stays)]
    ours = []
    for peer, number in zip((gone, stays), theirs, strict=True):
        z.zmq_msg_send(labelled(b"hello", number), peer, 0)
        ours.append(z.zmq_msg_routing_id(received(hub)))
    near, number = (hub, ours[0]) if who == "accepted" else (gone, theirs[0])
    z.zmq_disconnect_peer(near, number)
    with fails(z.EHOSTUNREACH):
        z.zmq_msg_send(labelled(b"x", number), near, 0)
    with fails(z.EHOSTUNREACH):
        z.zmq_disconnect_peer(near, number)
    z.zmq_msg_send(labelled(b"x", theirs[1]), stays, 0)
    assert contents(received(hub)) == b"x"
    z.zmq_msg_send(labelled(b"y", ours[1]), hub, 0)
    assert contents(received(stays)) == b"y"


def test_peer_disconnect__who_was_connected_to_is_not_dialled_again(c):
    hub, name = c.bound(z.ZMQ_PEER, TCP)
    peer = c.socket(z.ZMQ_PEER, reconnect_ivl=1)
    watch = Watch(c, hub, z.ZMQ_EVENT_ACCEPTED | z.ZMQ_EVENT_DISCONNECTED)
    number = z.zmq_connect_peer(peer, name)
    z.zmq_msg_send(labelled(b"x", number), peer, 0)
    received(hub)
    z.zmq_disconnect_peer(peer, number)
    assert [watch.next()[0] for _ in range(2)] == [z.ZMQ_EVENT_ACCEPTED, z.ZMQ_EVENT_DISCONNECTED]
    with fails(ENOENT):
        z.zmq_disconnect(peer, name)
    assert silent(watch.socket)


def test_peer_disconnect__a_server_drops_a_client(c, endpoint):
    server, client = c.pair(z.ZMQ_SERVER, z.ZMQ_CLIENT, endpoint)
    send(client, b"x")
    number = z.zmq_msg_routing_id(received(server))
    send(client, b"unread")
    wait_for(server)
    z.zmq_disconnect_peer(server, number)
    with fails(z.EAGAIN):
        z.zmq_recv(server, bytearray(9), 9, z.ZMQ_DONTWAIT)


# -- CHANNEL ---


def test_channel__both_ways(c, endpoint):
    one, other = c.pair(z.ZMQ_CHANNEL, z.ZMQ_CHANNEL, endpoint)
    send(one, b"HELLO")
    assert text(other) == "HELLO"
    send(other, b"WORLD")
    assert text(one) == "WORLD"


# -- RADIO and DISH ---


def test_radio_dish__leaving_what_was_not_joined(c):
    with fails(z.EINVAL):
        z.zmq_leave(c.socket(z.ZMQ_DISH), "Movies")


def test_radio_dish__names_that_are_too_long(c):
    dish = c.socket(z.ZMQ_DISH)
    for join in (z.zmq_join, z.zmq_leave):
        with fails(z.EINVAL):
            join(dish, "x" * 256)


def test_radio_dish__joining_twice(c):
    dish = c.socket(z.ZMQ_DISH)
    z.zmq_join(dish, "Movies")
    with fails(z.EINVAL):
        z.zmq_join(dish, "Movies")
    z.zmq_leave(dish, "Movies")
    z.zmq_join(dish, "Movies")


def await_dish(radio, dish, group):
    """Wait until the radio knows that the dish is in the group."""
    while silent(dish):
        z.zmq_msg_send(labelled(b"?", group=group), radio, 0)
    z.zmq_msg_send(labelled(b"!", group=group), radio, 0)
    while contents(received(dish)) != b"!":
        pass


def test_radio_dish__long_names(c, endpoint):
    radio, dish = c.pair(z.ZMQ_RADIO, z.ZMQ_DISH, endpoint)
    name = "x" * 255
    z.zmq_join(dish, name)
    await_dish(radio, dish, name)
    z.zmq_msg_send(labelled(b"HELLO", group=name), radio, 0)
    msg = received(dish)
    assert (z.zmq_msg_group(msg), contents(msg)) == (name, b"HELLO")


def test_radio_dish__join_and_leave_and_poll(c, endpoint):
    radio, dish = c.pair(z.ZMQ_RADIO, z.ZMQ_DISH, endpoint)
    z.zmq_join(dish, "Movies")
    await_dish(radio, dish, "Movies")
    z.zmq_msg_send(labelled(b"Friends", group="TV"), radio, 0)
    z.zmq_msg_send(labelled(b"Godfather", group="Movies"), radio, 0)
    wait_for(dish)
    assert text(dish) == "Godfather"
    z.zmq_join(dish, "TV")
    await_dish(radio, dish, "TV")
    z.zmq_msg_send(labelled(b"Friends", group="TV"), radio, 0)
    msg = received(dish)
    assert (z.zmq_msg_group(msg), contents(msg)) == ("TV", b"Friends")
    z.zmq_leave(dish, "TV")
    z.zmq_join(dish, "Radio")
    await_dish(radio, dish, "Radio")
    z.zmq_msg_send(labelled(b"Friends", group="TV"), radio, 0)
    z.zmq_msg_send(labelled(b"Jaws", group="Movies"), radio, 0)
    assert text(dish) == "Jaws"


def test_radio_dish__one_way_only(c):
    with fails(z.ENOTSUP):
        z.zmq_send(c.socket(z.ZMQ_DISH), b"x")
    with fails(z.ENOTSUP):
        z.zmq_recv(c.socket(z.ZMQ_RADIO), bytearray(1))


def test_there_is_the_capability():
    assert z.zmq_has("draft") == 1
