"""SCATTER: RFC 49 T08; what it shares with PUSH is tested with DEALER."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import ENOTSUP, SocketType
from zmqthread.errors import ZMQError


def test_rfc49_t08_scatter_does_not_receive():
    pattern = FakeSocket(SocketType.SCATTER).pattern
    with pytest.raises(ZMQError) as caught:
        pattern.recv()
    assert caught.value.errno == ENOTSUP
    assert not pattern.can_recv()


def test_rfc49_q06_goes_round_those_with_room_and_waits_for_one():
    socket = FakeSocket(SocketType.SCATTER)
    assert not socket.pattern.send(b"x")
    one, other = socket.accept(hwm=1), socket.accept(hwm=2)
    assert [socket.pattern.send(b"%d" % number) for number in range(4)] == [True] * 3 + [False]
    assert (one.got(), other.got()) == ([b"0"], [b"1", b"2"])
