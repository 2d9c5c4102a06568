"""DEALER: RFC 28, rule R09, and Q1 to Q7."""

from __future__ import annotations

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType


def dealer(**options):
    return FakeSocket(SocketType.DEALER, **options)


def test_q7_waits_without_a_peer():
    socket = dealer()
    assert not socket.pattern.can_send()
    assert not socket.pattern.send(b"x")
    assert socket.pattern.begin(b"x") is None


def test_q2_sends_before_the_peer_is_there():
    socket = dealer()
    peer = socket.connect()
    assert socket.pattern.can_send()
    assert socket.pattern.send(b"x")
    assert peer.got() == [b"x"]


def test_q6_sends_round_robin():
    socket = dealer()
    peers = [socket.accept() for _ in range(3)]
    for number in range(6):
        assert socket.pattern.send(b"%d" % number)
    assert [peer.got() for peer in peers] == [[b"0", b"3"], [b"1", b"4"], [b"2", b"5"]]


def test_q6_passes_over_a_full_peer_until_it_has_room():
    socket = dealer()
    small, large = socket.accept(hwm=1), socket.accept(hwm=9)
    for number in range(4):
        assert socket.pattern.send(b"%d" % number)
    assert small.got() == [b"0"]
    for number in range(4, 6):
        assert socket.pattern.send(b"%d" % number)
    assert len(small.got()) == 1
    assert len(large.got()) == 4


def test_q7_waits_when_all_are_full():
    socket = dealer()
    peers = [socket.accept(hwm=1), socket.accept(hwm=1)]
    assert socket.pattern.send(b"1")
    assert socket.pattern.send(b"2")
    assert not socket.pattern.send(b"3")
    assert not socket.pattern.can_send()
    peers[1].take()
    assert socket.pattern.can_send()
    assert socket.pattern.send(b"3")
    assert peers[1].got() == [b"3"]


def test_q5_receives_fairly():
    socket = dealer()
    one, other = socket.accept(), socket.accept()
    one.send(b"1", b"2", b"3")
    other.send((b"a", b"b"), b"c")
    assert socket.received() == [b"1", (b"a", b"b"), b"2", b"c", b"3"]


def test_q9_changes_nothing():
    socket = dealer()
    peer = socket.accept()
    for message in (b"", (b"", b""), (b"id", b"", b"body")):
        peer.send(message)
        assert socket.pattern.recv() == message
        assert socket.pattern.send(message)
        assert peer.take() == message


def test_a_multipart_goes_to_the_peer_picked_at_its_first_frame_past_the_mark():
    socket = dealer()
    peer = socket.accept(hwm=1)
    route = socket.pattern.begin(b"a")
    assert socket.pattern.send(b"another thread's")
    assert socket.pattern.send((b"a", b"b"), route)
    assert peer.got() == [b"another thread's", (b"a", b"b")]


def test_a_multipart_is_swallowed_when_its_peer_has_gone_meanwhile():
    socket = dealer()
    gone, there = socket.accept(), socket.accept()
    route = socket.pattern.begin(b"a")
    assert route is gone.pipe
    gone.leave()
    assert socket.pattern.send((b"a", b"b"), route)
    assert there.got() == []
    assert socket.pattern.send(b"next")
    assert there.got() == [b"next"]


def test_what_a_lost_peer_sent_is_still_read():
    socket = dealer()
    peer = socket.accept()
    peer.send(b"1", b"2")
    peer.leave()
    assert not socket.pattern.can_send()
    assert socket.received() == [b"1", b"2"]


def test_what_a_disconnected_peer_sent_is_not():
    socket = dealer()
    peer = socket.accept()
    peer.send(b"1")
    peer.detach()
    assert not socket.pattern.can_recv()
    assert socket.pattern.recv() is None


def test_short_cuts_lead_to_the_only_peer():
    socket = dealer()
    assert socket.pattern.express_in() is None
    assert socket.pattern.express_out() is None
    peer = socket.accept()
    assert socket.pattern.express_in() is peer.pipe.incoming.queue
    assert socket.pattern.express_out() is peer.pipe.outgoing
    socket.accept()
    assert socket.pattern.express_in() is None
    assert socket.pattern.express_out() is None


def test_probe_router_sends_one_empty_message_to_each_new_peer():
    socket = dealer(probe_router=1)
    peers = [socket.accept(), socket.connect()]
    socket.pattern.send(b"x")
    assert [peer.got() for peer in peers] == [[b"", b"x"], [b""]]


def test_probe_router_is_not_sent_again_to_a_peer_that_comes_back():
    # As libzmq: the pipe is not new.
    socket = dealer(probe_router=1)
    peer = socket.connect()
    peer.plug()
    assert peer.got() == [b""]
    peer.unplug()
    peer.plug()
    assert peer.got() == []
