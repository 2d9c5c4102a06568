"""Types that send single frames: T02 of RFC 41, 48, 49, 51 and 52."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import EINVAL, SocketType
from zmqthread.errors import ZMQError


@pytest.mark.parametrize("kind", ["CLIENT", "SERVER", "RADIO", "SCATTER", "PEER", "CHANNEL"])
def test_a_second_frame_is_refused_before_the_first_is_sent(kind):
    socket = FakeSocket(SocketType[kind])
    peer = socket.accept()
    with pytest.raises(ZMQError) as caught:
        socket.pattern.begin(b"first")
    assert caught.value.errno == EINVAL
    assert peer.got() == []
