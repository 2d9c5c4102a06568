"""SUB: RFC 29 S03, what it tells its publishers, and what it lets through."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import ENOTSUP, SocketOption, SocketType
from zmqthread.errors import ZMQError
from zmqthread.message import Cancel, Frame, Subscribe


def sub(*topics, **options):
    socket = FakeSocket(SocketType.SUB, **options)
    for topic in topics:
        subscribe(socket, topic)
    return socket


def subscribe(socket, topic):
    socket.pattern.set_option(SocketOption.SUBSCRIBE, topic)


def unsubscribe(socket, topic):
    socket.pattern.set_option(SocketOption.UNSUBSCRIBE, topic)


# -- S03 ------------------------------------------------------------------------------------------


def test_rfc29_s03_sub_does_not_send():
    socket = sub()
    for send in (socket.pattern.send, socket.pattern.begin):  # nor wait for a peer to send to
        with pytest.raises(ZMQError) as caught:
            send(b"x")
        assert caught.value.errno == ENOTSUP
    assert not socket.pattern.can_send()


def test_q5_publishers_are_fair_queued():
    socket = sub(b"")
    one, two = socket.accept(), socket.accept()
    one.send(b"1", b"2", b"3")
    two.send((b"a", b"b"), b"c")
    assert socket.received() == [b"1", (b"a", b"b"), b"2", b"c", b"3"]


def test_the_message_tells_whose_it_is():
    socket = sub(b"")
    one = socket.accept()
    one.send(b"x")
    socket.pattern.recv()
    assert socket.pattern.origin is one.pipe


# -- what is told upstream ------------------------------------------------------------------------


def test_the_first_subscription_and_the_end_of_the_last_are_told():
    socket = sub()
    peer = socket.accept()
    subscribe(socket, b"A")
    subscribe(socket, b"A")
    assert peer.got() == [Subscribe(b"A")]
    unsubscribe(socket, b"A")
    assert peer.got() == []
    unsubscribe(socket, b"A")
    assert peer.got() == [Cancel(b"A")]


def test_an_unknown_unsubscribe_is_no_error_and_not_told():
    socket = sub(b"B")
    peer = socket.accept()
    peer.got()
    unsubscribe(socket, b"A")
    assert peer.got() == []


def test_every_publisher_is_told():
    socket = sub()
    peers = [socket.accept() for _ in range(3)]
    subscribe(socket, b"A")
    assert [peer.got() for peer in peers] == [[Subscribe(b"A")]] * 3


def test_a_publisher_that_comes_is_told_everything_before_anything_else():
    socket = sub(b"A", b"B", b"A")
    peer = socket.accept()
    subscribe(socket, b"C")
    assert peer.got() == [Subscribe(b"A"), Subscribe(b"B"), Subscribe(b"C")]


def test_a_publisher_that_is_not_there_is_told_nothing_until_it_is():
    socket = sub(b"A")
    peer = socket.connect()
    subscribe(socket, b"B")
    unsubscribe(socket, b"A")
    assert peer.got() == []
    peer.plug()
    assert peer.got() == [Subscribe(b"B")]


def test_a_publisher_that_is_back_is_told_again_and_once():
    socket = sub(b"A", b"B")
    peer = socket.connect()
    peer.plug()
    subscribe(socket, b"C")  # not sent yet when the connection is lost
    peer.unplug()
    unsubscribe(socket, b"A")
    peer.plug()
    assert peer.got() == [Subscribe(b"B"), Subscribe(b"C")]


def test_subscriptions_go_past_the_high_water_mark():
    topics = [b"%d" % number for number in range(5000)]
    socket = sub(*topics)
    peer = socket.accept(hwm=10)
    assert peer.got() == list(map(Subscribe, topics))
    for topic in topics:
        unsubscribe(socket, topic)
    assert peer.got() == list(map(Cancel, topics))


def test_the_far_end_is_told_of_subscriptions():
    socket = sub(b"A", b"B")
    peer = socket.accept()
    assert peer.told == 1
    peer.pipe.outgoing.open = False
    subscribe(socket, b"C")
    assert peer.told == 2


def test_a_connection_that_breaks_while_it_is_told_gets_nothing_more():
    socket = sub(b"A", b"B")
    peer = socket.connect()
    peer.wrote = lambda pipe: peer.unplug()
    peer.plug()
    subscribe(socket, b"C")
    assert peer.got() == []


def test_a_connection_that_breaks_while_it_is_told_does_not_stop_the_others():
    socket = sub()
    broken, fine = socket.accept(), socket.accept()
    broken.wrote = lambda pipe: broken.detach()
    subscribe(socket, b"A")
    assert fine.got() == [Subscribe(b"A")]


def test_a_pipe_that_has_gone_meanwhile_is_not_told():
    socket = sub(b"A")
    peer = socket.connect()
    peer.detach()
    peer.plug()
    assert peer.got() == []


# -- what comes through ---------------------------------------------------------------------------


def test_without_subscriptions_nothing_comes_through():
    socket = sub()
    socket.accept().send(b"x", b"")
    assert not socket.pattern.can_recv()
    assert socket.pattern.recv() is None


@pytest.mark.parametrize("asks", [False, True])
def test_what_begins_with_no_topic_is_dropped(asks):
    socket = sub(b"a", b"bc")
    one, two = socket.accept(), socket.accept()
    one.send(b"a1", b"b", b"bc", (b"x", b"a"))
    two.send(b"", (b"ab", b"x"), b"c")
    got = []
    while not asks or socket.pattern.can_recv():
        message = socket.pattern.recv()
        if message is None:
            break
        got.append(message)
    assert got == [b"a1", (b"ab", b"x"), b"bc"]
    assert not socket.pattern.can_recv()


def test_a_shared_frame_is_matched_by_its_contents():
    socket = sub(b"ab")
    frame, other = Frame.shared(bytearray(b"abc")), Frame.shared(bytearray(b"a"))
    socket.accept().send(frame, other, (other, frame))
    assert socket.received() == [frame]


def test_asking_twice_loses_nothing():
    socket = sub(b"a")
    socket.accept().send(b"x", b"a1", b"a2")
    assert socket.pattern.can_recv()
    assert socket.pattern.can_recv()
    assert socket.received() == [b"a1", b"a2"]


def test_an_empty_message_comes_through_the_empty_subscription():
    socket = sub(b"")
    socket.accept().send(b"")
    assert socket.pattern.can_recv()
    assert socket.pattern.recv() == b""


def test_hostile_many_topics_match_by_length():
    socket = sub(*(b"%d" % number for number in range(1000)))
    socket.accept().send(b"999 x", b"x")
    assert socket.received() == [b"999 x"]


def test_invert_matching_lets_through_what_does_not_match():
    socket = sub(b"a", invert_matching=1)
    socket.accept().send(b"a", b"b", b"")
    assert socket.received() == [b"b", b""]


def test_a_peer_that_has_gone_can_be_read_to_its_end():
    socket = sub(b"a")
    peer = socket.accept()
    peer.send(b"x", b"a")
    peer.leave()
    assert socket.received() == [b"a"]
    assert not socket.pattern._in.pipes


# -- short cuts -----------------------------------------------------------------------------------


def test_with_one_publisher_and_all_topics_its_queue_is_read_directly():
    socket = sub(b"")
    peer = socket.accept()
    assert socket.pattern.express_in() is peer.pipe.incoming.queue
    other = socket.accept()
    assert socket.pattern.express_in() is None
    other.detach()
    assert socket.pattern.express_in() is peer.pipe.incoming.queue


def test_without_all_topics_there_is_no_short_cut():
    socket = sub(b"a")
    socket.accept()
    assert socket.pattern.express_in() is None
    subscribe(socket, b"")
    assert socket.pattern.express_in() is not None
    unsubscribe(socket, b"")
    assert socket.pattern.express_in() is None


def test_with_inverted_matching_there_is_no_short_cut():
    socket = sub(b"", invert_matching=1)
    socket.accept()
    assert socket.pattern.express_in() is None


def test_looking_leaves_the_queue_as_it_is_where_it_is_read_directly():
    socket = sub(b"")
    peer = socket.accept()
    peer.send(b"1", b"2")
    assert socket.pattern.can_recv()
    assert list(socket.pattern.express_in()) == [b"1", b"2"]


def test_a_message_found_by_looking_comes_before_the_short_cut():
    socket = sub(b"a")
    peer = socket.accept()
    peer.send(b"a1", b"a2")
    assert socket.pattern.can_recv()
    subscribe(socket, b"")
    assert socket.pattern.express_in() is None
    assert socket.pattern.can_recv()
    assert socket.pattern.recv() == b"a1"
    assert list(socket.pattern.express_in()) == [b"a2"]


# -- options --------------------------------------------------------------------------------------


def test_topics_count_is_of_distinct_topics():
    socket = sub(b"a", b"a", b"ab", b"")
    assert socket.pattern.get_option(SocketOption.TOPICS_COUNT) == 3
    unsubscribe(socket, b"ab")
    assert socket.pattern.get_option(SocketOption.TOPICS_COUNT) == 2


def test_other_options_are_not_its_own():
    with pytest.raises(ZMQError):
        sub().pattern.set_option(SocketOption.LINGER, 1)
    with pytest.raises(ZMQError):
        sub().pattern.get_option(SocketOption.LINGER)
