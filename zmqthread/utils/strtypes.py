"""Casts between text and bytes under pyzmq's names, deprecated there as here."""

from __future__ import annotations

import warnings

unicode = str
basestring = (str,)


def _warn() -> None:
    warnings.warn("strtypes is deprecated: use str and bytes", DeprecationWarning, stacklevel=3)


def cast_bytes(s: str | bytes, encoding: str = "utf8", errors: str = "strict") -> bytes:
    """Return text or bytes as bytes; TypeError for anything else."""
    _warn()
    if isinstance(s, bytes):
        return s
    if isinstance(s, str):
        return s.encode(encoding, errors)
    raise TypeError(f"Expected unicode or bytes, got {s!r}")


def cast_unicode(s: str | bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """Return text or bytes as text; TypeError for anything else."""
    _warn()
    if isinstance(s, bytes):
        return s.decode(encoding, errors)
    if isinstance(s, str):
        return s
    raise TypeError(f"Expected unicode or bytes, got {s!r}")


asbytes = b = cast_bytes
u = cast_unicode

__all__ = ["asbytes", "b", "basestring", "cast_bytes", "cast_unicode", "u", "unicode"]
