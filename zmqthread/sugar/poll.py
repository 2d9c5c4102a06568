"""pyzmq's ``zmq.sugar.poll``; the real place is `zmqthread.api.poller`."""

from __future__ import annotations

from zmqthread.api.poller import Poller, select

__all__ = [
    "Poller",
    "select",
]
