"""pyzmq's ``zmq.auth.base``."""

from __future__ import annotations

from zmqthread.security.authenticator import CURVE_ALLOW_ANY, VERSION, Authenticator

__all__ = ["CURVE_ALLOW_ANY", "VERSION", "Authenticator"]
