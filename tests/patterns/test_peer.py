"""PEER: RFC 51 T03 and T04; what it shares with SERVER is tested there."""

from __future__ import annotations

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType
from zmqthread.labels import Labelled


def test_rfc51_t04_a_peer_can_be_spoken_to_before_it_is_there():
    socket = FakeSocket(SocketType.PEER)
    one, other = socket.connect(), socket.connect()
    numbers = [socket.pattern.number_of(peer.pipe) for peer in (one, other)]
    assert len(set(numbers)) == 2
    assert socket.pattern.send(Labelled(b"x", numbers[1]))
    other.plug()
    assert (one.got(), other.got()) == ([], [b"x"])
    other.send(b"y")
    assert socket.pattern.recv().routing_id == numbers[1]
