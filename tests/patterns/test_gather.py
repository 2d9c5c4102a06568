"""GATHER: RFC 49 T08; what it shares with PULL is tested with DEALER."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import ENOTSUP, SocketType
from zmqthread.errors import ZMQError


def test_rfc49_t08_gather_does_not_send():
    pattern = FakeSocket(SocketType.GATHER).pattern
    with pytest.raises(ZMQError) as caught:
        pattern.send(b"x")
    assert caught.value.errno == ENOTSUP
    assert not pattern.can_send()


def test_rfc49_q05_receives_fairly():
    socket = FakeSocket(SocketType.GATHER)
    one, other = socket.accept(), socket.accept()
    one.send(b"1", b"2")
    other.send(b"a", b"b")
    assert socket.received() == [b"1", b"a", b"2", b"b"]
