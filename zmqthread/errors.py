"""The exceptions, their texts, and the last error number of each thread."""

from __future__ import annotations

import errno as _errno
import os
import sys
import threading
from typing import Final

from .constants import EAGAIN, EINVAL, ETERM, VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH, Errno

_TEXTS: Final[dict[int, str]] = {
    Errno.EFSM: "Operation cannot be accomplished in current state",
    Errno.ENOCOMPATPROTO: "The protocol is not compatible with the socket type",
    Errno.ETERM: "Context was terminated",
    Errno.EMTHREAD: "No thread available",
    # libzmq's wording, not the C library's
    Errno.EHOSTUNREACH: "Host unreachable",
}
if sys.platform == "win32":
    # The C run-time knows no texts for these.
    _TEXTS |= {
        Errno.ENOTSUP: "Not supported",
        Errno.EPROTONOSUPPORT: "Protocol not supported",
        Errno.ENOBUFS: "No buffer space available",
        Errno.ENETDOWN: "Network is down",
        Errno.EADDRINUSE: "Address in use",
        Errno.EADDRNOTAVAIL: "Address not available",
        Errno.ECONNREFUSED: "Connection refused",
        Errno.EINPROGRESS: "Operation in progress",
    }


class _Last(threading.local):
    """The error number of the last error made in this thread; 0 before the first."""

    errno = 0


_last = _Last()


def strerror(errno: int) -> str:
    """Return the text of an error number, in libzmq's words where it has its own."""
    text = _TEXTS.get(errno)
    return os.strerror(errno) if text is None else text


def zmq_errno() -> int:
    """Return the number of the last error that was made in this thread, 0 if there was none."""
    return _last.errno


class DraftFDWarning(RuntimeWarning):
    """Never given: FD works on every socket. Here for programs that filter it."""


class ZMQBaseError(Exception):
    """What all errors of zmqthread have in common."""


class ZMQError(ZMQBaseError):
    """An error with a number.

    Args:
        errno: the number; None means the last one of this thread.
        msg: the text; None means the text that belongs to the number.
    """

    errno: int | None = None
    strerror: str

    def __init__(self, errno: int | str | None = None, msg: str | None = None) -> None:
        """Note the number as this thread's last one, and find the text."""
        if errno is None:
            errno = _last.errno
        if isinstance(errno, int):
            self.errno = _last.errno = int(errno)
            self.strerror = strerror(errno) if msg is None else msg
        else:
            self.strerror = str(errno) if msg is None else msg

    def __str__(self) -> str:
        return self.strerror

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self}')"


class ContextTerminated(ZMQError):
    """The context was terminated or shut down (ETERM). The arguments are ignored."""

    def __init__(self, errno: int | str = "ignored", msg: str = "ignored") -> None:
        """Make an ETERM, whatever is passed."""
        super().__init__(ETERM)


class Again(ZMQError):
    """The call would have had to wait, or waited its time (EAGAIN). The arguments are ignored."""

    def __init__(self, errno: int | str = "ignored", msg: str = "ignored") -> None:
        """Make an EAGAIN, whatever is passed."""
        super().__init__(EAGAIN)


class InterruptedSystemCall(ZMQError, InterruptedError):
    """A signal ended the call (EINTR). The arguments are ignored.

    Calls are retried inside, so that this reaches a program only from code of its own.
    """

    errno: int | None = _errno.EINTR
    strerror: str  # type: ignore[mutable-override]  # OSError's may be None

    def __init__(self, errno: int | str = "ignored", msg: str = "ignored") -> None:
        """Make an EINTR, whatever is passed."""
        super().__init__(_errno.EINTR)


class ZMQBindError(ZMQBaseError):
    """``bind_to_random_port`` found no free port."""


class NotDone(ZMQBaseError):
    """The time of ``MessageTracker.wait`` is over and the message is still in use."""


class ZMQVersionError(NotImplementedError):
    """Something needs a newer libzmq than the one whose behaviour is matched.

    Args:
        min_version: the version needed, like "4.4".
        msg: what needs it.
    """

    msg: str
    min_version: str
    version: str

    def __init__(self, min_version: str, msg: str = "Feature") -> None:
        """Keep both, and the version at hand."""
        super().__init__(min_version, msg)
        self.msg = msg
        self.min_version = min_version
        self.version = f"{VERSION_MAJOR}.{VERSION_MINOR}.{VERSION_PATCH}"

    def __str__(self) -> str:
        return f"{self.msg} requires libzmq >= {self.min_version}, have {self.version}"

    def __repr__(self) -> str:
        return f"ZMQVersionError('{self}')"


class ProtocolError(Exception):
    """A peer broke the protocol: what wire code raises, and nothing else.

    Args:
        code: a PROTOCOL_ERROR_* value, which the monitor reports.
        text: what was wrong, for the log.
    """

    def __init__(self, code: int, text: str) -> None:
        """Keep both."""
        super().__init__(code, text)
        self.code = int(code)
        self.text = text

    def __str__(self) -> str:
        return f"{self.text} (protocol error 0x{self.code:08x})"


_CLASSES: Final[dict[int, type[ZMQError]]] = {
    EAGAIN: Again,
    ETERM: ContextTerminated,
    _errno.EINTR: InterruptedSystemCall,
}


def zmq_error(errno: int, text: str | None = None) -> ZMQError:
    """Make the error of the class that belongs to the number.

    Args:
        errno: the number.
        text: the whole text; None means the text that belongs to the number.
    """
    error = _CLASSES.get(errno, ZMQError)(errno)
    if text is not None:
        error.strerror = text
    return error


def error_about(errno: int, **values: object) -> ZMQError:
    """Make an error whose text names the values at fault.

    >>> error_about(EINVAL, addr="tcp://x")
    ZMQError('Invalid argument (addr='tcp://x')')
    """
    named = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return zmq_error(errno, f"{strerror(errno)} ({named})")


def option_error(name: str, value: object, why: str, errno: int = EINVAL) -> ZMQError:
    """Make the error of an option that refuses a value.

    >>> option_error("SNDHWM", -5, "must be >= 0")
    ZMQError('Invalid argument (option SNDHWM=-5: must be >= 0)')
    """
    return zmq_error(errno, f"{strerror(errno)} (option {name}={value!r}: {why})")


def error_from_os(error: OSError, **values: object) -> ZMQError:
    """Make a ZMQError of what the operating system reported, naming the values at fault.

    Winsock's numbers become those that libzmq gives. An error without a number is an EINVAL.
    """
    number = error.errno or EINVAL
    name = _errno.errorcode.get(number, "").removeprefix("WSA")
    number = Errno.__members__.get(name, number)
    return error_about(number, **values) if values else zmq_error(number)
