"""RADIO, DISH and DGRAM over udp through the flat API, by libzmq's own cases."""

from __future__ import annotations

import pytest

from tests.capi.support import fails, last_endpoint, recv, send, silent
from tests.multicast import ROUTED
from zmqthread import capi as z

GROUP = "udp://127.0.0.1;239.192.77.10:*"


def labelled(octets, group):
    msg = z.zmq_msg_t()
    z.zmq_msg_init_buffer(msg, octets)
    z.zmq_msg_set_group(msg, group)
    return msg


def dish(c, endpoint, *groups):
    socket, name = c.bound(z.ZMQ_DISH, endpoint)
    for group in groups:
        z.zmq_join(socket, group)
    return socket, name


def published(radio, octets, group):
    z.zmq_msg_send(labelled(octets, group), radio, 0)


def received(socket):
    msg = z.zmq_msg_t()
    z.zmq_msg_init(msg)
    z.zmq_msg_recv(msg, socket, 0)
    return z.zmq_msg_group(msg), bytes(z.zmq_msg_data(msg))


@pytest.mark.parametrize("endpoint", ["udp://*:*", "udp://127.0.0.1:*", GROUP])
def test_radio_dish__udp(c, endpoint):
    socket, name = dish(c, endpoint, "TV")
    radio = c.connected(z.ZMQ_RADIO, name)
    published(radio, b"Friends", "TV")
    published(radio, b"nobody listens", "radio")
    published(radio, b"Godfather", "TV")
    assert received(socket) == ("TV", b"Friends")
    assert received(socket) == ("TV", b"Godfather")
    assert silent(socket)


def test_radio_dish__several_dishes_in_one_multicast_group(c):
    one, name = dish(c, GROUP, "TV")
    other, _ = dish(c, name, "TV")
    radio = c.connected(z.ZMQ_RADIO, name)
    published(radio, b"Friends", "TV")
    assert received(one) == received(other) == ("TV", b"Friends")


@ROUTED
def test_radio_dish__multicast_without_loop(c):
    """Over the route of the machine, since a loopback interface cannot but loop."""
    socket, name = dish(c, "udp://239.192.77.10:*", "TV")
    radio = c.socket(z.ZMQ_RADIO, multicast_loop=0)
    z.zmq_connect(radio, name)
    published(radio, b"Friends", "TV")
    assert silent(socket)


def test_radio_dish__bind_and_connect_are_not_for_both(c):
    with fails(z.ENOCOMPATPROTO):
        z.zmq_bind(c.socket(z.ZMQ_RADIO), "udp://127.0.0.1:5556")
    with fails(z.ENOCOMPATPROTO):
        z.zmq_connect(c.socket(z.ZMQ_DISH), "udp://127.0.0.1:5556")


def test_dgram__connect_is_refused(c):
    with fails(z.ENOCOMPATPROTO):
        z.zmq_connect(c.socket(z.ZMQ_DGRAM), "udp://127.0.0.1:5556")


def test_dgram__there_and_back(c):
    one, name = c.bound(z.ZMQ_DGRAM, "udp://127.0.0.1:*")
    other, back = c.bound(z.ZMQ_DGRAM, "udp://127.0.0.1:*")
    assert last_endpoint(one) == name
    send(one, back.removeprefix("udp://").encode(), b"Is someone there ?")
    address, text = recv(other)
    assert (address, text) == (name.removeprefix("udp://").encode(), b"Is someone there ?")
    send(other, address, b"Yes, there is !")
    assert recv(one)[1] == b"Yes, there is !"
