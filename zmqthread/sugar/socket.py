"""pyzmq's ``zmq.sugar.socket``; the real place is `zmqthread.api.socket`."""

from __future__ import annotations

from zmqthread.api.socket import Socket, SyncSocket

__all__ = [
    "Socket",
    "SyncSocket",
]
