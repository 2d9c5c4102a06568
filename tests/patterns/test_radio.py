"""RADIO: RFC 48 T05 and T07, Q1 to Q4 and Q8."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import EMSGSIZE, ENOTSUP, SocketType
from zmqthread.errors import ZMQError
from zmqthread.labels import Labelled
from zmqthread.message import Frame, Join, Leave, Subscribe


def radio(**options):
    return FakeSocket(SocketType.RADIO, **options)


def dish(socket, *groups, hwm=1000):
    peer = socket.accept(hwm=hwm)
    peer.send(*map(Join, groups))
    return peer


def send(socket, group, frame):
    return socket.pattern.send(Labelled(frame, group=group))


def test_rfc48_t05_radio_does_not_receive():
    with pytest.raises(ZMQError) as caught:
        radio().pattern.recv()
    assert caught.value.errno == ENOTSUP
    assert not radio().pattern.can_recv()


def test_rfc48_t05_a_group_matches_as_a_whole():
    socket = radio()
    a, ab, both, none = (
        dish(socket, b"a"),
        dish(socket, b"ab"),
        dish(socket, b"a", b"ab"),
        dish(socket),
    )
    for group in (b"a", b"ab", b"abc", b""):
        assert send(socket, group, b"to " + group)
    assert a.got() == [(b"a", b"to a")]
    assert ab.got() == [(b"ab", b"to ab")]
    assert both.got() == [(b"a", b"to a"), (b"ab", b"to ab")]
    assert none.got() == []


def test_a_message_without_a_group_is_for_those_who_joined_the_empty_one():
    socket = radio()
    empty, other = dish(socket, b""), dish(socket, b"a")
    assert socket.pattern.send(b"x")
    assert empty.got() == [(b"", b"x")]
    assert other.got() == []


def test_a_dish_that_leaves_gets_no_more():
    socket = radio()
    peer = dish(socket, b"a", b"b")
    peer.send(Leave(b"a"), Leave(b"never joined"))
    send(socket, b"a", b"1")
    send(socket, b"b", b"2")
    assert peer.got() == [(b"b", b"2")]


def test_memberships_add_up_and_a_message_is_sent_once():
    socket = radio()
    peer = dish(socket, b"a", b"a")
    send(socket, b"a", b"1")
    peer.send(Leave(b"a"))
    send(socket, b"a", b"2")
    peer.send(Leave(b"a"))
    send(socket, b"a", b"3")
    assert peer.got() == [(b"a", b"1"), (b"a", b"2")]


def test_rfc48_t05_what_dishes_send_is_dropped():
    socket = radio()
    peer = dish(socket, b"a")
    peer.send(b"x", (b"a", b"x"), Subscribe(b"a"), b"\1a")
    assert not socket.pattern.can_recv()
    assert socket.pattern.dropped == peer.pipe.dropped == 4
    send(socket, b"a", b"1")
    assert peer.got() == [(b"a", b"1")]


def test_rfc48_q08_never_waits_for_a_dish_that_is_full():
    socket = radio()
    slow, quick = dish(socket, b"g", hwm=1), dish(socket, b"g")
    assert socket.pattern.can_send()
    for number in range(3):
        assert send(socket, b"g", b"%d" % number)
    assert slow.got() == [(b"g", b"0")]
    assert [body for _, body in quick.got()] == [b"0", b"1", b"2"]
    assert socket.pattern.dropped == slow.pipe.dropped == 2


def test_xpub_nodrop_waits_for_every_dish_in_the_group():
    socket = radio(xpub_nodrop=1)
    slow, quick = dish(socket, b"g", hwm=1), dish(socket, b"g")
    assert send(socket, b"g", b"1")
    assert not send(socket, b"g", b"2")
    assert send(socket, b"h", b"nobody")
    assert slow.got() == [(b"g", b"1")]
    assert send(socket, b"g", b"2")
    assert len(quick.got()) == 2


def test_a_dish_that_comes_back_joins_anew():
    socket = radio()
    peer = dish(socket, b"g")
    peer.unplug()
    send(socket, b"g", b"1")
    peer.plug()
    send(socket, b"g", b"2")
    peer.send(Join(b"g"))
    send(socket, b"g", b"3")
    assert peer.got() == [(b"g", b"3")]


def test_a_dish_that_has_gone_is_forgotten():
    socket = radio()
    peer = dish(socket, b"g")
    peer.leave()
    assert send(socket, b"g", b"1")
    assert peer.got() == []


def test_a_peer_that_cannot_join_gets_every_group():
    socket = radio()
    dish(socket, b"g")
    peer = socket.connect(takes_all=True)
    send(socket, b"g", b"1")
    send(socket, b"", b"2")
    assert peer.got() == [(b"g", b"1"), (b"", b"2")]
    peer.detach()
    send(socket, b"g", b"3")
    assert peer.got() == []


def test_shared_memory_goes_on_as_it_is():
    socket = radio()
    peer = dish(socket, b"g")
    frame = Frame.shared(bytearray(b"abc"))
    send(socket, b"g", frame)
    ((group, body),) = peer.got()
    assert group == b"g"
    assert body is frame


def test_a_dish_that_joins_too_many_groups_is_dropped():
    socket = radio(max_subscriptions=2)
    greedy, modest = dish(socket, b"a", b"b", b"b", b"c"), dish(socket, b"a", b"b")
    assert (greedy.cut, modest.cut) == (True, False)
    send(socket, b"a", b"1")
    assert (greedy.got(), modest.got()) == ([], [(b"a", b"1")])


@pytest.mark.parametrize("size", [65505, 65506])
def test_a_message_too_large_for_a_datagram_goes_to_nobody(size):
    """libzmq writes past the end of its buffer (af11df08)."""
    socket = radio()
    streamed, datagrams = dish(socket, b"g"), socket.connect(takes_all=True)
    if size == 65505:
        assert send(socket, b"g", bytes(size))
        assert len(streamed.got()) == len(datagrams.got()) == 1
        return
    with pytest.raises(ZMQError) as caught:
        send(socket, b"g", bytes(size))
    assert caught.value.errno == EMSGSIZE
    assert streamed.got() == datagrams.got() == []


def test_without_udp_there_is_no_such_limit():
    socket = radio(max_datagram=10)
    peer = dish(socket, b"g")
    assert send(socket, b"g", bytes(1000))
    assert len(peer.got()) == 1
