"""The table of descriptors is made large enough before it is needed."""

from __future__ import annotations

import sys

import pytest

from tests.conftest import open_descriptors
from tests.support import Peer
from zmqthread.reactor import descriptors

SIZE = """
import os
def size():
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith("FDSize")).split()[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_table_has_room_for_all_sockets_before_there_are_threads() -> None:
    code = """
before = size()
context = zmq.Context()
context.max_sockets = 300
context.socket(zmq.PUSH).close()
say([before, size()])
context.term()
"""
    with Peer("zmqthread", SIZE + code) as peer:
        before, after = peer.hear()
    assert before < 900 <= after


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_table_stays_within_the_limit_of_the_process() -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
context = zmq.Context()
context.socket(zmq.PUSH).close()
say(size())
context.term()
"""
    with Peer("zmqthread", SIZE + code) as peer:
        assert peer.hear() <= 256


def test_nothing_is_left_open() -> None:
    before = open_descriptors()
    descriptors.expect(1000, 0)
    assert open_descriptors() == before
