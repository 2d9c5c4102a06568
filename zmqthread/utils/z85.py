"""pyzmq's ``zmq.utils.z85``; the real place is `zmqthread.security.z85`."""

from __future__ import annotations

from zmqthread.security.z85 import decode, encode

__all__ = ["decode", "encode"]
