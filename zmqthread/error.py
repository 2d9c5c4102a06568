"""pyzmq's ``zmq.error``: the exceptions under that name; the real place is `zmqthread.errors`."""

from __future__ import annotations

from zmqthread.constants import VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH
from zmqthread.errors import (
    Again,
    ContextTerminated,
    DraftFDWarning,
    InterruptedSystemCall,
    NotDone,
    ZMQBaseError,
    ZMQBindError,
    ZMQError,
    ZMQVersionError,
    strerror,
    zmq_errno,
    zmq_error,
)

__all__ = [
    "Again",
    "ContextTerminated",
    "DraftFDWarning",
    "InterruptedSystemCall",
    "NotDone",
    "ZMQBaseError",
    "ZMQBindError",
    "ZMQError",
    "ZMQVersionError",
    "strerror",
    "zmq_errno",
]


def _check_rc(rc: int, errno: int | None = None, error_without_errno: bool = True) -> None:
    """Raise the thread's last error, or ``errno``, if ``rc`` is -1."""
    if rc == -1:
        number = zmq_errno() if errno is None else errno
        if number or error_without_errno:
            raise zmq_error(number)


def _check_version(min_version_info: tuple[int, ...], msg: str = "Feature") -> None:
    """Raise ZMQVersionError if libzmq's behaviour of that version is not matched."""
    if min_version_info > (VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH):
        raise ZMQVersionError(".".join(map(str, min_version_info)), msg)
