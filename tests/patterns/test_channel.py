"""CHANNEL: RFC 52 T09; what it shares with PAIR is tested there."""

from __future__ import annotations

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType


def test_rfc52_t09_both_ways_with_one_peer():
    socket = FakeSocket(SocketType.CHANNEL)
    peer, second = socket.accept(), socket.accept()
    assert second.cut
    assert socket.pattern.send(b"there")
    peer.send(b"and back")
    assert peer.got() == [b"there"]
    assert socket.received() == [b"and back"]
