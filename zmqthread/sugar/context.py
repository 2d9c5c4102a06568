"""pyzmq's ``zmq.sugar.context``; the real place is `zmqthread.api.context`."""

from __future__ import annotations

from zmqthread.api.context import Context, SyncContext

__all__ = [
    "Context",
    "SyncContext",
]
