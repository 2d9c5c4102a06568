"""zmq_z85_* and zmq_curve_*: keys, and the text they are written as."""

from __future__ import annotations

from typing import Any

from zmqthread.capi.memory import octets, store_text, text, writable
from zmqthread.constants import EINVAL
from zmqthread.errors import zmq_error
from zmqthread.security import curve_keypair, curve_public, z85


def zmq_z85_encode(dest: Any, data: Any, size: int | None = None) -> str:
    """Return octets in Z85, and write that with a NUL to ``dest`` if it is given.

    Args:
        dest: a writable buffer of at least 5/4 of the octets and one more; or None.
        data: any buffer.
        size: how many octets of it, a multiple of 4; None: all.

    Raises:
        ZMQError: EINVAL: not a multiple of 4. EFAULT: a buffer is too small.
    """
    try:
        encoded = z85.encode(octets(data, size)).decode()
    except ValueError:
        raise zmq_error(EINVAL) from None
    store_text(dest, encoded)
    return encoded


def zmq_z85_decode(dest: Any, string: Any) -> bytes:
    """Return the octets that are written in Z85, and write them to ``dest`` if it is given.

    Args:
        dest: a writable buffer of at least 4/5 of the length; or None.
        string: a multiple of 5 characters, 5 at least.

    Raises:
        ZMQError: EINVAL: not Z85. EFAULT: ``dest`` is too small.
    """
    encoded = text(string)
    if not encoded:
        raise zmq_error(EINVAL)
    try:
        decoded = z85.decode(encoded)
    except ValueError:
        raise zmq_error(EINVAL) from None
    if dest is not None:
        writable(dest, len(decoded))[:] = decoded
    return decoded


def zmq_curve_keypair(z85_public_key: Any = None, z85_secret_key: Any = None) -> tuple[str, str]:
    """Return a new pair of keys in Z85, and write them to buffers of 41 octets that are given.

    Raises:
        ZMQError: ENOTSUP: the extra ``curve`` is not installed. EFAULT: a buffer is too small.
    """
    public, secret = (key.decode() for key in curve_keypair())
    store_text(z85_public_key, public)
    store_text(z85_secret_key, secret)
    return public, secret


def zmq_curve_public(z85_public_key: Any, z85_secret_key: Any) -> str:
    """Return the public key of a secret one, and write it to a buffer of 41 octets if given.

    Raises:
        ZMQError: ENOTSUP: the extra ``curve`` is not installed. EINVAL: not a key in Z85. EFAULT:
            the buffer is too small.
    """
    try:
        public = curve_public(text(z85_secret_key)).decode()
    except ValueError:
        raise zmq_error(EINVAL) from None
    store_text(z85_public_key, public)
    return public
