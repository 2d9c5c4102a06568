"""What pyzmq has as ``zmq.auth``, under that name; the real place is `zmqthread.security`."""

from __future__ import annotations

from zmqthread.auth.base import CURVE_ALLOW_ANY, Authenticator
from zmqthread.auth.certs import create_certificates, load_certificate, load_certificates

__all__ = [
    "CURVE_ALLOW_ANY",
    "Authenticator",
    "create_certificates",
    "load_certificate",
    "load_certificates",
]
