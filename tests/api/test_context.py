"""What contexts refuse."""

from __future__ import annotations

import pytest

import zmqthread as zmq


def test_contexts_of_pyczmq_are_refused():
    with pytest.raises(zmq.ZMQError, match=r"pyczmq.*libzmq.*\(ctx=123\)") as caught:
        zmq.Context.shadow_pyczmq(123)
    assert caught.value.errno == zmq.ENOTSUP
