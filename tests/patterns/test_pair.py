"""PAIR: RFC 31 E01, one peer at a time."""

from __future__ import annotations

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType


def pair():
    return FakeSocket(SocketType.PAIR)


def test_q7_waits_without_a_peer():
    socket = pair()
    assert not socket.pattern.can_send()
    assert not socket.pattern.send(b"x")
    assert socket.pattern.begin(b"x") is None
    assert not socket.pattern.can_recv()
    assert socket.pattern.recv() is None


def test_q2_sends_before_the_peer_is_there():
    socket = pair()
    peer = socket.connect()
    assert socket.pattern.can_send()
    assert socket.pattern.send(b"x")
    assert peer.got() == [b"x"]


def test_both_ways_and_unchanged():
    socket = pair()
    peer = socket.accept()
    messages = [b"a", (b"", b"b"), b"", b"\x01c"]
    for message in messages:
        assert socket.pattern.send(message)
    assert peer.got() == messages
    peer.send(*messages)
    assert socket.pattern.can_recv()
    assert socket.received() == messages
    assert socket.pattern.origin is peer.pipe


def test_q7_waits_while_the_peer_is_full_and_loses_nothing():
    socket = pair()
    peer = socket.accept(hwm=2)
    assert [socket.pattern.send(b"%d" % number) for number in range(3)] == [True, True, False]
    assert not socket.pattern.can_send()
    assert socket.pattern.begin(b"x") is None
    assert peer.got() == [b"0", b"1"]
    assert socket.pattern.can_send()
    assert socket.pattern.send(b"2")
    assert peer.got() == [b"2"]


def test_rfc31_e01_a_second_peer_is_refused_and_the_first_is_not_hurt():
    socket = pair()
    first, second = socket.accept(), socket.accept()
    assert (first.cut, second.cut) == (False, True)
    second.send(b"from the second")
    first.send(b"from the first")
    socket.pattern.send(b"x")
    assert (first.got(), second.got()) == ([b"x"], [])
    assert socket.received() == [b"from the first"]
    second.detach()
    assert socket.pattern.send(b"y")
    assert first.got() == [b"y"]


def test_a_new_peer_may_come_when_the_first_has_gone():
    socket = pair()
    first = socket.accept()
    first.leave()
    assert not socket.pattern.can_send()
    second = socket.accept()
    assert not second.cut
    socket.pattern.send(b"x")
    assert second.got() == [b"x"]


def test_what_a_former_peer_has_sent_is_read_first_and_keeps_nobody_out():
    socket = pair()
    first = socket.accept()
    first.send(b"1", b"2")
    first.leave()
    second = socket.accept()
    assert not second.cut
    second.send(b"3")
    assert socket.pattern.can_recv()
    assert socket.pattern.express_in() is None
    assert socket.received() == [b"1", b"2", b"3"]
    assert socket.pattern.express_in() is second.pipe.incoming.queue


def test_what_is_unread_of_a_pipe_that_is_taken_away_is_lost():
    socket = pair()
    peer = socket.accept()
    peer.send(b"1")
    peer.detach()
    assert not socket.pattern.can_recv()
    assert socket.pattern.recv() is None
    assert not socket.pattern.can_send()


def test_a_multipart_goes_past_the_mark_once_it_has_begun():
    socket = pair()
    peer = socket.accept(hwm=1)
    route = socket.pattern.begin(b"a")
    assert socket.pattern.send(b"between")
    assert socket.pattern.send((b"a", b"b"), route)
    assert peer.got() == [b"between", (b"a", b"b")]


def test_a_multipart_goes_with_the_peer_that_it_was_begun_for():
    socket = pair()
    first = socket.accept()
    route = socket.pattern.begin(b"a")
    first.leave()
    second = socket.accept()
    assert socket.pattern.send((b"a", b"b"), route)
    assert (first.got(), second.got()) == ([], [])


def test_a_multipart_whose_peer_has_gone_is_swallowed():
    socket = pair()
    route = socket.pattern.begin(b"a") or None
    assert route is None
    socket.accept()
    route = socket.pattern.begin(b"a")
    next(iter(socket.peers.values())).detach()
    assert socket.pattern.send((b"a", b"b"), route)


def test_a_peer_that_stays_away_for_a_while_keeps_its_place():
    socket = pair()
    peer = socket.connect()
    peer.plug()
    peer.unplug()
    socket.pattern.send(b"x")
    assert socket.accept().cut
    peer.plug()
    assert peer.got() == [b"x"]


def test_the_short_cuts_lead_to_the_peer():
    socket = pair()
    assert socket.pattern.express_out() is None
    assert socket.pattern.express_in() is None
    peer = socket.accept(hwm=1)
    assert socket.pattern.express_out() is peer.pipe.outgoing
    assert socket.pattern.express_in() is peer.pipe.incoming.queue
    socket.pattern.send(b"x")
    socket.pattern.send(b"y")
    assert socket.pattern.express_out() is None
    peer.got()
    assert socket.pattern.express_out() is peer.pipe.outgoing
    peer.detach()
    assert socket.pattern.express_out() is None
