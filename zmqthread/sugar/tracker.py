"""pyzmq's ``zmq.sugar.tracker``; the real place is `zmqthread.memory`."""

from __future__ import annotations

from zmqthread.memory import _FINISHED_TRACKER, MessageTracker

__all__ = [
    "_FINISHED_TRACKER",
    "MessageTracker",
]
