"""Keys, certificates and authentication.

Everything here is for programs; what runs on the wire is in `zmqthread.wire.mechanisms`.
"""

from __future__ import annotations

from zmqthread.security.authenticator import CURVE_ALLOW_ANY, Authenticator
from zmqthread.security.certificates import (
    Certificate,
    create_certificates,
    load_certificate,
    load_certificates,
)
from zmqthread.security.keys import curve_keypair, curve_public
from zmqthread.security.store import CertificateStore
from zmqthread.security.thread import ThreadAuthenticator

__all__ = [
    "CURVE_ALLOW_ANY",
    "Authenticator",
    "Certificate",
    "CertificateStore",
    "ThreadAuthenticator",
    "create_certificates",
    "curve_keypair",
    "curve_public",
    "load_certificate",
    "load_certificates",
]
