"""CLIENT: RFC 41, Q1 to Q9; what it shares with DEALER is tested there."""

from __future__ import annotations

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType


def client():
    return FakeSocket(SocketType.CLIENT)


def test_rfc41_q07_waits_without_a_peer():
    socket = client()
    assert not socket.pattern.can_send()
    assert not socket.pattern.send(b"x")


def test_rfc41_q06_sends_round_robin_to_those_with_room():
    socket = client()
    small, large = socket.accept(hwm=1), socket.accept()
    for number in range(4):
        assert socket.pattern.send(b"%d" % number)
    assert (small.got(), large.got()) == ([b"0"], [b"1", b"2", b"3"])


def test_rfc41_q05_receives_fairly_and_unchanged():
    socket = client()
    one, other = socket.accept(), socket.accept()
    one.send(b"1", b"2")
    other.send(b"a", b"b")
    assert socket.received() == [b"1", b"a", b"2", b"b"]


def test_rfc41_q09_nothing_is_added():
    socket = client()
    peer = socket.accept()
    for message in (b"", b"\0", b"\1x"):
        assert socket.pattern.send(message)
        assert peer.take() == message


def test_short_cuts_lead_to_the_only_peer():
    socket = client()
    peer = socket.accept()
    assert socket.pattern.express_in() is peer.pipe.incoming.queue
    assert socket.pattern.express_out() is peer.pipe.outgoing
