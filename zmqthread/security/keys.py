"""CURVE keys: pairs, and the public half of a secret one. Keys are 40 octets of Z85."""

from __future__ import annotations

from zmqthread.constants import ENOTSUP
from zmqthread.errors import zmq_error
from zmqthread.security import z85


def curve_keypair() -> tuple[bytes, bytes]:
    """Return a new key pair: the public key, then the secret one, both in Z85.

    Raises:
        ZMQError: ENOTSUP: the extra ``curve`` (PyNaCl) is not installed.
    """
    try:
        from nacl.bindings import crypto_box_keypair
    except ImportError:
        raise _no_curve() from None
    public, secret = crypto_box_keypair()
    return z85.encode(public), z85.encode(secret)


def curve_public(secret_key: str | bytes) -> bytes:
    """Return the public key that belongs to a secret one, in Z85.

    Args:
        secret_key: 40 characters of Z85.

    Raises:
        ValueError: not a key in Z85.
        ZMQError: ENOTSUP: the extra ``curve`` (PyNaCl) is not installed.
    """
    if len(secret_key) != 40:
        raise ValueError(f"secret key must be 40 characters of Z85, not {len(secret_key)}")
    secret = z85.decode(secret_key)
    try:
        from nacl.bindings import crypto_scalarmult_base
    except ImportError:
        raise _no_curve() from None
    return z85.encode(crypto_scalarmult_base(secret))


def _no_curve() -> Exception:
    return zmq_error(ENOTSUP, "CURVE needs PyNaCl: install zmqthread[curve]")
