"""pyzmq's ``zmq.auth.thread``."""

from __future__ import annotations

from zmqthread.security.thread import ThreadAuthenticator

__all__ = ["ThreadAuthenticator"]
