"""pyzmq's ``zmq.auth.certs``."""

from __future__ import annotations

from zmqthread.security.certificates import (
    create_certificates,
    load_certificate,
    load_certificates,
)

__all__ = ["create_certificates", "load_certificate", "load_certificates"]
