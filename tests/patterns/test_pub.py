"""PUB: RFC 29 S01, Q8 and Q9, subscriptions of RFC 37, and hostile subscribers."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import ENOTSUP, SocketOption, SocketType
from zmqthread.errors import ZMQError
from zmqthread.message import Cancel, Frame, Subscribe
from zmqthread.patterns import subscriptions


def pub(**options):
    return FakeSocket(SocketType.PUB, **options)


def subscriber(socket, *topics, hwm=1000):
    peer = socket.accept(hwm=hwm)
    peer.send(*map(Subscribe, topics))
    return peer


def topics_count(socket):
    return socket.pattern.get_option(SocketOption.TOPICS_COUNT)


# -- S01 ------------------------------------------------------------------------------------------


def test_rfc29_s01_pub_does_not_receive():
    with pytest.raises(ZMQError) as caught:
        pub().pattern.recv()
    assert caught.value.errno == ENOTSUP
    assert not pub().pattern.can_recv()


def test_rfc29_s01_messages_go_to_those_whose_topic_they_begin_with():
    socket = pub()
    a, b, everything = subscriber(socket, b"a"), subscriber(socket, b"b"), subscriber(socket, b"")
    none = subscriber(socket)
    for message in (b"a", b"ab", b"b", b"", (b"a", b"b")):
        assert socket.pattern.send(message)
    assert a.got() == [b"a", b"ab", (b"a", b"b")]
    assert b.got() == [b"b"]
    assert everything.got() == [b"a", b"ab", b"b", b"", (b"a", b"b")]
    assert none.got() == []


def test_only_the_first_frame_is_matched():
    socket = pub()
    peer = subscriber(socket, b"b")
    socket.pattern.send((b"a", b"b"))
    assert peer.got() == []


def test_a_zero_copy_frame_is_matched_by_its_contents():
    socket = pub()
    peer = subscriber(socket, b"ab")
    frame = Frame.shared(bytearray(b"abc"))
    socket.pattern.send(frame)
    socket.pattern.send((frame, b"x"))
    socket.pattern.send(Frame.shared(bytearray(b"b")))
    assert peer.got() == [frame, (frame, b"x")]


def test_overlapping_subscriptions_deliver_once():
    socket = pub()
    peer = subscriber(socket, b"", b"a", b"ab")
    socket.pattern.send(b"abc")
    assert peer.got() == [b"abc"]


def test_rfc29_s01_what_subscribers_send_is_dropped_and_counted():
    socket = pub()
    peer = subscriber(socket, b"")
    peer.send(b"user", b"\x02x", (b"a", b"\x01b"))
    assert (socket.pattern.dropped, peer.pipe.dropped) == (3, 3)
    assert not peer.pipe.incoming.queue
    assert topics_count(socket) == 1


@pytest.mark.parametrize("message", [b"\x02", b""])
def test_hostile_u6_pub_drops_what_is_no_subscription(message):
    socket = pub()
    subscriber(socket).send(message)
    assert socket.pattern.dropped == 1


def test_subscriptions_count_at_once_without_a_call():
    socket = pub()
    peer = subscriber(socket, b"a")
    peer.send(Subscribe(b"b"), Cancel(b"a"))
    socket.pattern.send(b"a")
    socket.pattern.send(b"b")
    assert peer.got() == [b"b"]


def test_subscriptions_that_came_before_the_pipe_count():
    socket = pub()
    peer = socket.connect()
    peer.held_back = [Subscribe(b"a")]
    peer.plug()
    socket.pattern.send(b"a")
    assert peer.got() == [b"a"]


# -- counting -------------------------------------------------------------------------------------


def test_rfc37_z44_a_topic_is_any_octets_and_a_prefix():
    socket = pub()
    peer = subscriber(socket, b"\x00\xff")
    for message in (b"\x00\xff", b"\x00\xff\x01", b"\x00", b"\xff"):
        socket.pattern.send(message)
    assert peer.got() == [b"\x00\xff", b"\x00\xff\x01"]


def test_rfc37_z45_two_subscribe_need_two_cancel():
    socket = pub()
    peer = subscriber(socket, b"A", b"A")
    peer.send(Cancel(b"A"))
    socket.pattern.send(b"A1")
    peer.send(Cancel(b"A"))
    socket.pattern.send(b"A2")
    assert peer.got() == [b"A1"]


def test_hostile_u4_cancelling_an_unknown_topic_changes_nothing():
    socket = pub()
    peer, other = subscriber(socket, b"a"), subscriber(socket, b"b")
    peer.send(Cancel(b"b"), Cancel(b"zzz"))
    socket.pattern.send(b"b")
    socket.pattern.send(b"a")
    assert (peer.got(), other.got()) == ([b"a"], [b"b"])


def test_topics_count_is_of_distinct_topics():
    socket = pub()
    one = subscriber(socket, b"a", b"a", b"ab", b"")
    subscriber(socket, b"a", b"c")
    assert topics_count(socket) == 4
    one.detach()
    assert topics_count(socket) == 2


# -- full subscribers -----------------------------------------------------------------------------


def test_q8_a_full_subscriber_misses_messages_and_nobody_waits():
    socket = pub()
    slow, quick = subscriber(socket, b"", hwm=2), subscriber(socket, b"")
    for number in range(5):
        assert socket.pattern.send(b"%d" % number)
    assert slow.got() == [b"0", b"1"]
    assert len(quick.got()) == 5
    assert (socket.pattern.dropped, slow.pipe.dropped, quick.pipe.dropped) == (3, 3, 0)


def test_a_multipart_is_missed_whole():
    socket = pub()
    peer = subscriber(socket, b"", hwm=1)
    socket.pattern.send((b"a", b"b"))
    socket.pattern.send((b"c", b"d"))
    assert peer.got() == [(b"a", b"b")]


def test_nodrop_waits_while_any_matching_subscriber_is_full_and_nobody_gets_it():
    socket = pub(xpub_nodrop=1)
    slow, quick = subscriber(socket, b"a", hwm=1), subscriber(socket, b"")
    assert socket.pattern.send(b"a1")
    assert not socket.pattern.send(b"a2")
    assert not socket.pattern.send(b"a2")
    assert socket.pattern.send(b"b")  # nobody full wants it
    assert quick.got() == [b"a1", b"b"]
    assert slow.got() == [b"a1"]
    assert socket.pattern.send(b"a2")
    assert (slow.got(), quick.got()) == ([b"a2"], [b"a2"])
    assert socket.pattern.dropped == 0


def test_nodrop_does_not_wait_for_one_that_has_gone():
    socket = pub(xpub_nodrop=1)
    gone = subscriber(socket, b"", hwm=1)
    socket.pattern.send(b"x")
    assert not socket.pattern.send(b"y")
    gone.pipe.ended = True
    assert socket.pattern.send(b"y")
    gone.detach()
    assert socket.pattern.send(b"z")


# -- frame by frame -------------------------------------------------------------------------------


def test_a_multipart_sent_in_parts_goes_to_those_that_match_its_first_frame():
    socket = pub()
    a, b = subscriber(socket, b"a"), subscriber(socket, b"b")
    route = socket.pattern.begin(b"a")
    assert route
    b.send(Subscribe(b"a"))
    assert socket.pattern.send((b"a", b"b"), route)
    assert (a.got(), b.got()) == ([(b"a", b"b")], [])


def test_a_multipart_for_nobody_does_not_wait():
    socket = pub()
    route = socket.pattern.begin(b"a")
    assert route is not None
    assert socket.pattern.send((b"a", b"b"), route)


def test_with_nodrop_the_first_frame_waits_and_the_rest_does_not():
    socket = pub(xpub_nodrop=1)
    peer, gone = subscriber(socket, b"", hwm=1), subscriber(socket, b"")
    route = socket.pattern.begin(b"a")
    assert socket.pattern.send(b"between")
    assert socket.pattern.begin(b"a") is None
    gone.detach()
    assert socket.pattern.send((b"a", b"b"), route)
    assert peer.got() == [b"between", (b"a", b"b")]
    assert gone.got() == [b"between"]


# -- the options of a publisher -------------------------------------------------------------------


def test_invert_matching_sends_to_those_that_do_not_match():
    socket = pub(invert_matching=1)
    a, none, everything = subscriber(socket, b"a"), subscriber(socket), subscriber(socket, b"")
    socket.pattern.send(b"a")
    socket.pattern.send(b"b")
    assert (a.got(), none.got(), everything.got()) == ([b"b"], [b"a", b"b"], [])


def test_a_welcome_goes_to_each_peer_whatever_it_wants():
    socket = pub(xpub_welcome_msg=b"hello")
    peer = socket.connect()
    assert peer.got() == []
    peer.plug()
    assert peer.got() == [b"hello"]
    peer.unplug()
    peer.plug()
    assert peer.got() == [b"hello"]
    assert socket.accept().got() == [b"hello"]


def test_hostile_u7_all_frames_of_a_subscription_count():
    socket = pub()
    peer = socket.accept()
    peer.send((b"\x01a", b"\x01b", b"user", b"\x00a"))
    assert topics_count(socket) == 1
    assert socket.pattern.dropped == 1
    socket.pattern.send(b"a")
    socket.pattern.send(b"b")
    assert peer.got() == [b"b"]


def test_hostile_u7_only_the_first_frame_of_a_subscription_counts_if_asked_for():
    socket = pub(only_first_subscribe=1)
    socket.accept().send((b"\x01a", b"\x01b", b"\x01c"))
    assert topics_count(socket) == 1
    assert socket.pattern.dropped == 1


@pytest.mark.parametrize("only_first", [0, 1])
def test_a_multipart_that_begins_otherwise_is_no_subscription(only_first):
    socket = pub(only_first_subscribe=only_first)
    socket.accept().send((b"user", b"\x01b"))
    assert (topics_count(socket), socket.pattern.dropped) == (0, 1)


# -- limits ---------------------------------------------------------------------------------------


def test_hostile_u2_a_peer_past_the_limit_of_subscriptions_is_dropped():
    socket = pub(max_subscriptions=2)
    good = subscriber(socket, b"a", b"b")
    good.send(Subscribe(b"a"))  # the same again is none more
    assert not good.cut
    bad = subscriber(socket, b"a", b"b", b"c", b"d")
    assert bad.cut
    assert topics_count(socket) == 2
    socket.pattern.send(b"a")
    assert (good.got(), bad.got()) == ([b"a"], [])
    bad.detach()
    assert topics_count(socket) == 2


def test_hostile_u1_a_long_topic_in_a_multipart_is_refused_too():
    socket = pub(max_topic=10)
    fine = socket.accept()
    fine.send((b"\x01" + b"x" * 10, b"\x01a"))
    assert not fine.cut
    bad = socket.accept()
    bad.send((b"\x01a", b"\x01" + b"x" * 11, b"\x01c"))
    assert bad.cut
    assert topics_count(socket) == 2


# -- peers that come and go -----------------------------------------------------------------------


def test_the_subscriptions_of_a_peer_go_with_it():
    socket = pub()
    gone, stays = subscriber(socket, b"a", b"b"), subscriber(socket, b"b")
    gone.leave()
    assert topics_count(socket) == 1
    socket.pattern.send(b"a")
    socket.pattern.send(b"b")
    assert (gone.got(), stays.got()) == ([], [b"b"])
    assert socket.pattern.dropped == 0


def test_subscriptions_are_those_of_the_connection():
    socket = pub()
    peer = socket.connect()
    peer.plug()
    peer.send(Subscribe(b"a"), Subscribe(b"b"))
    peer.unplug()
    assert topics_count(socket) == 0
    peer.plug()
    peer.send(Subscribe(b"a"))
    peer.send(Cancel(b"a"))  # counted from nothing again
    assert topics_count(socket) == 0


def test_what_a_lost_connection_has_left_unread_is_no_subscription():
    socket = pub()
    peer = socket.connect()
    peer.plug()
    peer.pipe.incoming.extend([Subscribe(b"a"), b"user"])
    peer.unplug()
    peer.plug()
    assert topics_count(socket) == 0
    assert socket.pattern.dropped == 1


def test_hostile_u3_a_peer_with_many_topics_is_forgotten_in_slices(monkeypatch):
    monkeypatch.setattr(subscriptions, "SLICE", 100)
    socket = pub()
    peer = subscriber(socket, *(b"%d" % number for number in range(350)))
    peer.detach()
    assert topics_count(socket) == 250
    socket.pattern.send(b"1")
    assert (peer.got(), socket.pattern.dropped) == ([], 0)
    rounds = 1
    while socket.pattern.upkeep():
        rounds += 1
    assert (rounds, topics_count(socket)) == (3, 0)


def test_a_peer_that_is_back_before_it_is_forgotten_begins_with_nothing(monkeypatch):
    monkeypatch.setattr(subscriptions, "SLICE", 10)
    socket = pub()
    peer = socket.connect()
    peer.plug()
    peer.send(*(Subscribe(b"%d" % number) for number in range(35)))
    peer.unplug()
    peer.plug()
    peer.send(Subscribe(b"1"))
    assert not socket.pattern.upkeep()
    assert topics_count(socket) == 1
    socket.pattern.send(b"1")
    socket.pattern.send(b"2")
    assert peer.got() == [b"1"]


def test_a_connection_that_breaks_while_it_is_written_to_does_not_stop_the_others():
    socket = pub()
    peers = [subscriber(socket, b"") for _ in range(3)]
    peers[1].wrote = lambda pipe: peers[1].detach()
    assert socket.pattern.send(b"x")
    assert peers[0].got() == peers[2].got() == [b"x"]
    assert socket.pattern.send(b"y")
    assert peers[2].got() == [b"y"]


def test_a_peer_that_was_refused_meanwhile_is_not_plugged():
    socket = pub(xpub_welcome_msg=b"hello")
    peer = socket.connect()
    peer.detach()
    peer.plug()
    assert peer.got() == []


# -- short cuts and readiness ---------------------------------------------------------------------


def test_a_publisher_is_always_ready_to_send():
    socket = pub()
    assert socket.pattern.can_send()
    subscriber(socket, b"", hwm=1)
    socket.pattern.send(b"x")
    socket.pattern.send(b"x")
    assert socket.pattern.can_send()


def test_in_process_one_peer_that_wants_everything_is_written_to_directly():
    socket = pub()
    socket.in_process = True
    assert socket.pattern.express_out() is None
    peer = subscriber(socket, b"a")
    assert socket.pattern.express_out() is None
    peer.send(Subscribe(b""))
    assert socket.pattern.express_out() is peer.pipe.outgoing
    socket.options.invert_matching = 1
    assert socket.pattern.express_out() is None
    socket.options.invert_matching = 0
    peer.pipe.writable = False
    assert socket.pattern.express_out() is None
    peer.pipe.writable = True
    other = socket.accept()
    assert socket.pattern.express_out() is None
    other.detach()
    assert socket.pattern.express_out() is peer.pipe.outgoing
    peer.send(Cancel(b""))
    assert socket.pattern.express_out() is None


def test_only_topics_count_is_its_own_option():
    with pytest.raises(ZMQError):
        pub().pattern.get_option(SocketOption.SUBSCRIBE)
    with pytest.raises(ZMQError):
        pub().pattern.set_option(SocketOption.SUBSCRIBE, b"")
