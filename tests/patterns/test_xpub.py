"""XPUB: RFC 29 S02, what the application sees of subscriptions and decides about them."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketOption, SocketType
from zmqthread.errors import ZMQError
from zmqthread.message import Cancel, Subscribe
from zmqthread.patterns import subscriptions

SUBSCRIBE, UNSUBSCRIBE = SocketOption.SUBSCRIBE, SocketOption.UNSUBSCRIBE


def xpub(**options):
    return FakeSocket(SocketType.XPUB, **options)


# -- what is told ---------------------------------------------------------------------------------


def test_rfc29_s02_the_first_subscription_and_the_end_of_the_last_are_told():
    socket = xpub()
    one, two = socket.accept(), socket.accept()
    one.send(Subscribe(b"A"))
    two.send(Subscribe(b"A"), Subscribe(b""))
    assert socket.received() == [b"\x01A", b"\x01"]
    one.send(Cancel(b"A"))
    assert socket.received() == []
    two.send(Cancel(b"A"))
    assert socket.received() == [b"\x00A"]


def test_the_message_tells_whose_it_is():
    socket = xpub()
    one, two = socket.accept(), socket.accept()
    two.send(Subscribe(b"A"))
    one.send(Subscribe(b"B"))
    origins = []
    while socket.pattern.recv() is not None:
        origins.append(socket.pattern.origin)
    assert origins == [two.pipe, one.pipe]


def test_reading_is_ready_when_something_is_to_be_told():
    socket = xpub()
    assert not socket.pattern.can_recv()
    socket.accept().send(Subscribe(b"A"))
    assert socket.pattern.can_recv()
    socket.received()
    assert not socket.pattern.can_recv()
    assert socket.pattern.express_in() is None


def test_hostile_u4_an_unknown_cancel_is_not_told():
    socket = xpub(xpub_verboser=1)
    one, two = socket.accept(), socket.accept()
    one.send(Subscribe(b"A"))
    two.send(Cancel(b"A"), Cancel(b"B"))
    assert socket.received() == [b"\x01A"]


def test_hostile_u5_the_same_twice_is_told_once():
    socket = xpub()
    socket.accept().send(Subscribe(b"A"), Subscribe(b"A"), Cancel(b"A"), Cancel(b"A"), Cancel(b"A"))
    assert socket.received() == [b"\x01A", b"\x00A"]


def test_verbose_tells_every_subscription_and_the_end_of_the_last():
    socket = xpub(xpub_verbose=1)
    one, two = socket.accept(), socket.accept()
    one.send(Subscribe(b"A"), Subscribe(b"A"))
    two.send(Subscribe(b"A"))
    assert socket.received() == [b"\x01A"] * 3
    one.send(Cancel(b"A"), Cancel(b"A"))
    assert socket.received() == []
    two.send(Cancel(b"A"))
    assert socket.received() == [b"\x00A"]


def test_verboser_tells_the_end_of_every_subscription():
    socket = xpub(xpub_verboser=1)
    one, two = socket.accept(), socket.accept()
    one.send(Subscribe(b"A"), Subscribe(b"A"))
    two.send(Subscribe(b"A"))
    assert socket.received() == [b"\x01A"] * 3
    one.send(Cancel(b"A"))
    two.send(Cancel(b"A"))
    one.send(Cancel(b"A"))
    assert socket.received() == [b"\x00A"] * 3


def test_verbose_after_verboser_clears_the_latter():
    socket = xpub()
    socket.options.set(SocketOption.XPUB_VERBOSER, 1)
    socket.options.set(SocketOption.XPUB_VERBOSE, 1)
    one, two = socket.accept(), socket.accept()
    one.send(Subscribe(b"A"))
    two.send(Subscribe(b"A"))
    one.send(Cancel(b"A"))
    assert socket.received() == [b"\x01A"] * 2


# -- users' messages ------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [b"user", b"\x02x", b"", (b"a", b"\x01b"), (b"", b"")])
def test_hostile_u6_what_is_no_subscription_is_delivered(message):
    socket = xpub()
    peer = socket.accept()
    peer.send(message)
    assert socket.received() == [message]
    assert socket.pattern.origin is peer.pipe


def test_hostile_u7_all_frames_of_a_subscription_count():
    socket = xpub()
    socket.accept().send((b"\x01A", b"\x01B", b"user"), (b"\x00B", b"\x01A"))
    assert socket.received() == [b"\x01A", b"\x01B", b"user", b"\x00B"]


def test_hostile_u7_the_rest_is_a_users_message_if_asked_for():
    socket = xpub(only_first_subscribe=1)
    socket.accept().send((b"\x01A", b"\x01B"), (b"\x01A", b"\x01B", b"\x01C"))
    assert socket.received() == [b"\x01A", b"\x01B", (b"\x01B", b"\x01C")]
    assert socket.pattern.get_option(SocketOption.TOPICS_COUNT) == 1


def test_a_peer_whose_messages_nobody_reads_is_held_back():
    socket = xpub()
    peer = socket.accept(hwm=4)
    peer.send(*(b"%d" % number for number in range(6)))
    assert len(peer.pipe.incoming) == 2  # so it is full for the peer at last
    peer.send(Subscribe(b"A"))
    assert [socket.pattern.recv() for _ in range(2)] == [b"0", b"1"]
    assert len(peer.pipe.incoming) < 3
    assert socket.received() == [b"2", b"3", b"4", b"5", b"\x01A"]
    peer.send(b"more")
    assert socket.received() == [b"more"]


def test_a_peer_held_back_is_not_told_more_of_when_it_has_gone():
    socket = xpub()
    peer = socket.accept(hwm=2)
    peer.send(b"1", b"2", b"3")
    peer.leave()
    assert socket.received() == [b"1", b"2", b"3"]
    assert peer.pipe not in socket.pattern._pipes


def test_subscriptions_never_hold_a_peer_back():
    socket = xpub()
    peer = socket.accept(hwm=2)
    topics = [b"%d" % number for number in range(50)]
    peer.send(*map(Subscribe, topics))
    for topic in topics:
        socket.pattern.send(topic)
        assert peer.take() == topic


# -- peers that go --------------------------------------------------------------------------------


@pytest.mark.parametrize("leave", ["leave", "detach", "unplug"])
def test_rfc29_s02_the_topics_of_a_lost_peer_are_cancelled(leave):
    socket = xpub()
    gone, stays = socket.connect(), socket.accept()
    gone.plug()
    gone.send(Subscribe(b"A"), Subscribe(b"B"), Subscribe(b"A"), Subscribe(b"C"))
    stays.send(Subscribe(b"B"))
    socket.received()
    getattr(gone, leave)()
    assert socket.received() == [b"\x00A", b"\x00C"]


def test_verboser_tells_the_end_of_each_subscription_of_a_lost_peer():
    socket = xpub(xpub_verboser=1)
    gone, stays = socket.accept(), socket.accept()
    gone.send(Subscribe(b"A"), Subscribe(b"B"), Subscribe(b"B"), Subscribe(b"C"))
    stays.send(Subscribe(b"A"))
    told = socket.received()
    gone.leave()
    ends = socket.received()
    assert sorted(ends) == [b"\x00A", b"\x00B", b"\x00B", b"\x00C"]
    stays.leave()
    assert len(told) == len(ends) + len(socket.received())


def test_hostile_u3_a_lost_peer_with_many_topics_is_told_of_once_each(monkeypatch):
    monkeypatch.setattr(subscriptions, "SLICE", 100)
    socket = xpub()
    peer = socket.accept()
    topics = {b"%d" % number for number in range(350)}
    peer.send(*map(Subscribe, topics))
    socket.received()
    peer.leave()
    told = socket.received()
    assert len(told) == 100
    while socket.pattern.upkeep():
        told += socket.received()
    told += socket.received()
    assert sorted(told) == sorted(b"\x00" + topic for topic in topics)


def test_hostile_u8_a_topic_that_comes_and_goes_does_not_pile_up():
    socket = xpub()
    peer = socket.accept()
    for _ in range(30):
        peer.send(*[Subscribe(b"A"), Cancel(b"A")] * 500)
    assert len(socket.received()) <= 10_000
    peer.send(Subscribe(b"A"))
    assert socket.received() == [b"\x01A"]


def test_hostile_u8_verbose_holds_a_peer_back_that_subscribes_without_end():
    socket = xpub(xpub_verbose=1)
    peer = socket.accept(hwm=10)
    peer.send(*[Subscribe(b"A")] * 50)
    assert len(peer.pipe.incoming) > 30
    assert socket.received() == [b"\x01A"] * 50


# -- manual ---------------------------------------------------------------------------------------


def topics_count(socket):
    return socket.pattern.get_option(SocketOption.TOPICS_COUNT)


def test_manual_leaves_subscriptions_to_the_application():
    socket = xpub(xpub_manual=1)
    peer = socket.accept()
    peer.send(Subscribe(b"A"))
    assert topics_count(socket) == 0
    assert socket.received() == [b"\x01A"]
    socket.pattern.set_option(SUBSCRIBE, b"XA")
    socket.pattern.send(b"A")
    socket.pattern.send(b"XA")
    assert peer.got() == [b"XA"]
    peer.send(Cancel(b"A"))
    assert socket.received() == [b"\x00A"]
    socket.pattern.set_option(UNSUBSCRIBE, b"XA")
    socket.pattern.send(b"XA")
    assert peer.got() == []


def test_manual_tells_every_subscription_and_its_end():
    socket = xpub(xpub_manual=1)
    one, two = socket.accept(), socket.accept()
    one.send(Subscribe(b"A"), Subscribe(b"A"))
    two.send(Subscribe(b"A"))
    one.send(Cancel(b"A"), Cancel(b"A"), Cancel(b"A"))
    assert socket.received() == [b"\x01A"] * 3 + [b"\x00A"] * 2


def test_manual_is_about_the_peer_whose_subscription_was_read_last():
    socket = xpub(xpub_manual=1)
    one, two = socket.accept(), socket.accept()
    one.send(Subscribe(b"A"))
    two.send(b"user", Subscribe(b"B"))
    assert socket.pattern.recv() == b"\x01A"
    assert socket.pattern.recv() == b"user"  # no subscription: it is still about the first
    socket.pattern.set_option(SUBSCRIBE, b"X")
    assert socket.pattern.recv() == b"\x01B"
    socket.pattern.set_option(SUBSCRIBE, b"Y")
    socket.pattern.send(b"X")
    socket.pattern.send(b"Y")
    assert (one.got(), two.got()) == ([b"X"], [b"Y"])


def test_manual_does_nothing_for_a_peer_that_has_gone():
    socket = xpub(xpub_manual=1)
    one, two = socket.accept(), socket.accept()
    one.send(Subscribe(b"A"))
    two.send(Subscribe(b"B"))
    one.leave()
    assert socket.pattern.recv() == b"\x01A"
    socket.pattern.set_option(SUBSCRIBE, b"X")
    assert socket.pattern.recv() == b"\x01B"
    two.leave()
    socket.pattern.set_option(SUBSCRIBE, b"X")
    assert topics_count(socket) == 0
    assert socket.received() == [b"\x00A", b"\x00B"]
    socket.pattern.set_option(SUBSCRIBE, b"X")
    assert topics_count(socket) == 0


def test_manual_tells_what_a_lost_peer_had_asked_for():
    socket = xpub(xpub_manual=1)
    gone, stays = socket.accept(), socket.accept()
    gone.send(Subscribe(b"A"), Subscribe(b"B"))
    while socket.pattern.recv() is not None:
        socket.pattern.set_option(SUBSCRIBE, b"X")
    stays.send(Subscribe(b"A"))
    socket.received()
    gone.leave()
    assert socket.received() == [b"\x00A", b"\x00B"]
    assert topics_count(socket) == 0


def test_manual_has_the_same_limit_of_subscriptions():
    socket = xpub(xpub_manual=1, max_subscriptions=2)
    peer = socket.accept()
    peer.send(*map(Subscribe, (b"a", b"b", b"a")))
    assert not peer.cut
    peer.send(Subscribe(b"c"))
    assert peer.cut


def test_what_was_asked_for_in_manual_mode_can_be_taken_back_after_it():
    socket = xpub(xpub_manual=1)
    peer = socket.accept()
    peer.send(Subscribe(b"A"))
    socket.options.xpub_manual = 0
    peer.send(Cancel(b"A"))
    assert socket.received() == [b"\x01A", b"\x00A"]


def test_last_value_sends_the_next_message_to_the_last_subscriber_only():
    socket = xpub()
    socket.options.set(SocketOption.XPUB_MANUAL_LAST_VALUE, 1)
    one, two = socket.accept(), socket.accept()
    for peer in (one, two):
        peer.send(Subscribe(b"A"))
        assert socket.pattern.recv() == b"\x01A"
        socket.pattern.set_option(SUBSCRIBE, b"A")
        socket.pattern.send(b"A last")
        assert peer.got() == [b"A last"]
    assert one.got() == []
    socket.pattern.send(b"A next")
    assert one.got() == two.got() == [b"A next"]


def test_last_value_holds_for_a_multipart_sent_in_parts():
    socket = xpub(xpub_manual=1, xpub_manual_last_value=1)
    one, two = socket.accept(), socket.accept()
    for peer in (one, two):
        peer.send(Subscribe(b"A"))
        socket.pattern.recv()
        socket.pattern.set_option(SUBSCRIBE, b"A")
    route = socket.pattern.begin(b"A")
    socket.pattern.send(b"A between")
    socket.pattern.send((b"A", b"x"), route)
    assert (one.got(), two.got()) == ([b"A between"], [b"A between", (b"A", b"x")])


def test_last_value_is_kept_while_the_message_has_to_wait():
    socket = xpub(xpub_manual=1, xpub_manual_last_value=1, xpub_nodrop=1)
    one, two = socket.accept(hwm=1), socket.accept()
    for peer in (two, one):
        peer.send(Subscribe(b"A"))
        socket.pattern.recv()
        socket.pattern.set_option(SUBSCRIBE, b"A")
    one.pipe.write(b"full")
    assert not socket.pattern.send(b"A")
    assert socket.pattern.begin(b"A") is None
    one.got()
    assert socket.pattern.send(b"A")
    assert (one.got(), two.got()) == ([b"A"], [])


def test_last_value_is_over_when_the_last_subscriber_goes():
    socket = xpub(xpub_manual=1, xpub_manual_last_value=1)
    one, two = socket.accept(), socket.accept()
    for peer in (one, two):
        peer.send(Subscribe(b"A"))
        socket.pattern.recv()
        socket.pattern.set_option(SUBSCRIBE, b"A")
    two.detach()
    socket.pattern.send(b"A")
    assert one.got() == [b"A"]


def test_other_options_are_not_its_own():
    with pytest.raises(ZMQError):
        xpub().pattern.set_option(SocketOption.LINGER, 1)
    with pytest.raises(ZMQError):
        xpub().pattern.get_option(SocketOption.LINGER)
