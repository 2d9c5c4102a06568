"""pyzmq's ``zmq.sugar.frame``; the real place is `zmqthread.message`."""

from __future__ import annotations

from zmqthread.message import Frame, Message

__all__ = [
    "Frame",
    "Message",
]
