"""XSUB: RFC 29 S04, subscriptions as messages, and others upstream."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketOption, SocketType
from zmqthread.message import Cancel, Frame, Subscribe


def xsub(**options):
    return FakeSocket(SocketType.XSUB, **options)


# -- subscriptions --------------------------------------------------------------------------------


def test_rfc29_s04_subscriptions_of_the_application_go_to_all_publishers():
    socket = xsub()
    peers = [socket.accept() for _ in range(2)]
    for message in (b"\x01A", b"\x01", b"\x00A"):
        assert socket.pattern.send(message)
    for peer in peers:
        assert peer.got() == [Subscribe(b"A"), Subscribe(b""), Cancel(b"A")]


def test_only_the_first_and_the_end_of_the_last_are_told():
    socket = xsub()
    peer = socket.accept()
    for message in (b"\x01A", b"\x01A", b"\x00A", b"\x00A", b"\x00A", b"\x00B"):
        socket.pattern.send(message)
    assert peer.got() == [Subscribe(b"A"), Cancel(b"A")]


def test_verbose_unsubscribe_tells_all():
    socket = xsub(xsub_verbose_unsubscribe=1)
    peer = socket.accept()
    for message in (b"\x01A", b"\x01A", b"\x00A", b"\x00A", b"\x00A"):
        socket.pattern.send(message)
    assert peer.got() == [Subscribe(b"A")] * 2 + [Cancel(b"A")] * 3


def test_verbose_unsubscribe_tells_a_publisher_that_counts_what_is_so():
    socket = xsub(xsub_verbose_unsubscribe=1)
    for message in (b"\x01A", b"\x01B", b"\x01A"):
        socket.pattern.send(message)
    assert socket.accept().got() == [Subscribe(b"A"), Subscribe(b"A"), Subscribe(b"B")]


def test_a_subscription_may_be_a_zero_copy_frame():
    socket = xsub()
    peer = socket.accept()
    socket.pattern.send(Frame.shared(bytearray(b"\x01A")))
    assert peer.got() == [Subscribe(b"A")]


def test_a_publisher_that_comes_or_is_back_is_told_everything():
    socket = xsub()
    for message in (b"\x01A", b"\x01B", b"\x00A", b"\x01B"):
        socket.pattern.send(message)
    peer = socket.connect()
    assert peer.got() == []
    for _ in range(2):
        peer.plug()
        assert peer.got() == [Subscribe(b"B")]
        peer.unplug()


def test_subscriptions_go_past_the_high_water_mark():
    socket = xsub()
    peer = socket.accept(hwm=1)
    for number in range(100):
        socket.pattern.send(b"\x01%d" % number)
    assert len(peer.got()) == 100


# -- multiparts -----------------------------------------------------------------------------------


def test_hostile_u7_all_frames_of_a_subscription_count():
    socket = xsub()
    peer = socket.accept()
    route = socket.pattern.begin(b"\x01A")
    assert socket.pattern.send((b"\x01A", b"\x01B", b"user", b"\x00A"), route)
    assert peer.got() == [Subscribe(b"A"), Subscribe(b"B"), b"user", Cancel(b"A")]


def test_hostile_u7_only_the_first_frame_counts_if_asked_for():
    socket = xsub(only_first_subscribe=1)
    peer = socket.accept()
    message = (b"\x01A", b"\x01B")
    socket.pattern.send(message)
    assert peer.got() == [message]
    assert socket.pattern.get_option(SocketOption.TOPICS_COUNT) == 1
    assert socket.accept().got() == [Subscribe(b"A")]
    socket.pattern.send((b"\x00A", b"x"))
    assert socket.pattern.get_option(SocketOption.TOPICS_COUNT) == 0


# -- other messages -------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [b"user", b"", b"\x02", (b"a", b"\x01b"), (b"", b"\x00")])
def test_rfc29_s04_other_messages_go_upstream_as_they_are(message):
    socket = xsub()
    peers = [socket.accept() for _ in range(2)]
    assert socket.pattern.send(message)
    assert [peer.got() for peer in peers] == [[message], [message]]
    assert socket.pattern.get_option(SocketOption.TOPICS_COUNT) == 0


def test_q8_a_full_publisher_misses_them_and_nobody_waits():
    socket = xsub()
    full, free = socket.accept(hwm=1), socket.accept()
    for number in range(3):
        assert socket.pattern.can_send()
        assert socket.pattern.send(b"%d" % number * 2)
    assert (full.got(), free.got()) == ([b"00"], [b"00", b"11", b"22"])
    assert (socket.pattern.dropped, full.pipe.dropped) == (2, 2)


def test_q2_they_wait_for_a_publisher_behind_the_subscriptions():
    socket = xsub()
    peer = socket.connect(hwm=2)
    for message in (b"one", b"\x01A", b"two", b"three"):
        socket.pattern.send(message)
    assert peer.got() == []
    peer.plug()
    assert peer.got() == [Subscribe(b"A"), b"one", b"two"]
    assert (socket.pattern.dropped, peer.pipe.dropped) == (1, 1)


def test_they_survive_a_lost_connection_and_old_subscriptions_do_not():
    socket = xsub()
    peer = socket.connect()
    peer.plug()
    for message in (b"one", b"\x01A", b"\x01B", b"\x00A", b"two"):
        socket.pattern.send(message)
    peer.unplug()
    socket.pattern.send(b"three")
    peer.plug()
    assert peer.got() == [Subscribe(b"B"), b"one", b"two", b"three"]


def test_they_wait_on_if_the_connection_breaks_at_once():
    socket = xsub()
    peer = socket.connect()
    socket.pattern.send(b"one")
    socket.pattern.send(b"\x01A")
    peer.wrote = lambda pipe: peer.unplug()
    peer.plug()
    assert peer.got() == []
    peer.wrote = lambda pipe: None
    peer.plug()
    assert peer.got() == [Subscribe(b"A"), b"one"]


# -- receiving ------------------------------------------------------------------------------------


def test_everything_comes_through_whatever_it_is_subscribed_to():
    # As with libzmq: an XPUB in manual mode may know better what an XSUB is to get.
    socket = xsub()
    peer = socket.accept()
    socket.pattern.send(b"\x01A")
    peer.send(b"A", b"B", (b"C", b"D"))
    assert socket.pattern.can_recv()
    assert socket.received() == [b"A", b"B", (b"C", b"D")]


def test_with_one_publisher_its_queue_is_read_directly():
    socket = xsub()
    peer = socket.accept()
    assert socket.pattern.express_in() is peer.pipe.incoming.queue
    assert socket.pattern.express_out() is None


def test_it_can_always_send():
    socket = xsub()
    assert socket.pattern.can_send()
    assert socket.pattern.begin(b"x")
    assert socket.pattern.send(b"nobody is there")
