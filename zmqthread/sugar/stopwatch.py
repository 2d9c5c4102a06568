"""pyzmq's ``zmq.sugar.stopwatch``; the real place is `zmqthread.api.pyzmq`."""

from __future__ import annotations

from zmqthread.api.pyzmq import Stopwatch

__all__ = [
    "Stopwatch",
]
