"""DISH: RFC 48 T02, T06 and T07, Q5."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import EINVAL, ENOTSUP, SocketType
from zmqthread.errors import ZMQError
from zmqthread.message import Join, Leave


def dish(*groups):
    socket = FakeSocket(SocketType.DISH)
    for group in groups:
        socket.pattern.join(group)
    return socket


def received(socket):
    return [(label.group, label.frame) for label in socket.received()]


@pytest.mark.parametrize("name", ["send", "begin"])
def test_rfc48_t06_dish_does_not_send(name):
    with pytest.raises(ZMQError) as caught:
        getattr(dish().pattern, name)(b"x")
    assert caught.value.errno == ENOTSUP
    assert not dish().pattern.can_send()


def test_rfc48_t06_the_group_comes_with_the_message():
    socket = dish(b"a", b"")
    peer = socket.accept()
    peer.send((b"a", b"1"), (b"", b"2"))
    assert received(socket) == [(b"a", b"1"), (b"", b"2")]
    assert socket.pattern.origin is peer.pipe


def test_radios_are_told_what_is_joined_and_left():
    socket = dish(b"early")
    peer = socket.accept()
    assert peer.got() == [Join(b"early")]
    socket.pattern.join(b"late")
    socket.pattern.leave(b"early")
    assert peer.got() == [Join(b"late"), Leave(b"early")]


def test_a_radio_that_is_not_there_is_told_when_it_comes():
    socket = dish()
    peer = socket.connect()
    socket.pattern.join(b"a")
    socket.pattern.join(b"b")
    assert peer.got() == []
    peer.plug()
    assert sorted(event.group for event in peer.got()) == [b"a", b"b"]


def test_a_radio_that_comes_back_is_told_everything_once():
    socket = dish(b"a")
    peer = socket.connect()
    peer.plug()
    socket.pattern.join(b"b")
    peer.unplug()
    socket.pattern.leave(b"a")
    peer.plug()
    assert peer.got() == [Join(b"b")]


def test_what_is_joined_goes_out_whatever_the_high_water_mark_says():
    socket = dish(*(b"%d" % number for number in range(10)))
    peer = socket.accept(hwm=1)
    socket.pattern.join(b"x")
    assert len(peer.got()) == 11


@pytest.mark.parametrize("before", [[b"a"], []])
def test_joining_twice_and_leaving_what_is_not_joined_are_errors(before):
    socket = dish(*before)
    peer = socket.accept()
    peer.got()
    with pytest.raises(ZMQError) as caught:
        (socket.pattern.join if before else socket.pattern.leave)(b"a")
    assert caught.value.errno == EINVAL
    assert peer.got() == []


def test_groups_that_nobody_has_joined_are_dropped():
    socket = dish(b"a")
    peer = socket.accept()
    peer.send((b"b", b"1"), (b"ab", b"2"), (b"", b"3"))
    assert not socket.pattern.can_recv()
    peer.send((b"b", b"4"), (b"a", b"5"))
    assert socket.pattern.can_recv()
    assert received(socket) == [(b"a", b"5")]


def test_what_is_unread_when_a_group_is_left_is_dropped():
    socket = dish(b"a", b"b")
    peer = socket.accept()
    peer.send((b"a", b"1"), (b"b", b"2"), (b"a", b"3"))
    assert socket.pattern.can_recv()
    socket.pattern.leave(b"a")
    assert received(socket) == [(b"b", b"2")]


def test_rfc48_t02_messages_of_another_shape_are_dropped():
    socket = dish(b"a")
    peer = socket.accept()
    peer.send(b"a", (b"a", b"1", b"2"), (b"a", b"3"))
    assert received(socket) == [(b"a", b"3")]
    assert socket.pattern.dropped == 2


def test_rfc48_q05_receives_fairly():
    socket = dish(b"g")
    one, other = socket.accept(), socket.accept()
    one.send((b"g", b"1"), (b"g", b"2"))
    other.send((b"g", b"a"), (b"g", b"b"))
    assert [body for _, body in received(socket)] == [b"1", b"a", b"2", b"b"]


def test_looking_does_not_lose_the_message():
    socket = dish(b"g")
    socket.accept().send((b"g", b"1"))
    assert socket.pattern.can_recv()
    assert socket.pattern.can_recv()
    assert received(socket) == [(b"g", b"1")]
    assert not socket.pattern.can_recv()


def test_there_is_no_way_past_the_groups():
    socket = dish(b"g")
    socket.accept()
    assert socket.pattern.express_in() is None
