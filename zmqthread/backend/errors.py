"""Our errors in pyzmq's classes, which are what its users catch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from errno import EAGAIN, EINTR
from typing import Any, TypeVar

from zmqthread.constants import ETERM
from zmqthread.errors import ZMQError

_Call = TypeVar("_Call", bound=Callable[..., Any])


def pyzmq() -> Any:
    """Return pyzmq, which is not there yet when this package is imported."""
    import zmq

    return zmq


def peers_error(error: OSError | ZMQError, text: str | None = None) -> Exception:
    """Return pyzmq's counterpart of an error.

    Args:
        error: ours, or the operating system's.
        text: its text; None keeps ours.
    """
    peers = pyzmq().error
    number = error.errno
    made: Exception
    if number == EAGAIN:
        made = peers.Again()
    elif number == ETERM:
        made = peers.ContextTerminated()
    elif number == EINTR:
        made = peers.InterruptedSystemCall()
    else:
        made = peers.ZMQError(number, str(error.strerror) if text is None else text)
    return made


def peers_errors(call: _Call) -> _Call:
    """Have ``call`` raise pyzmq's errors instead of ours."""

    @functools.wraps(call)
    def translated(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except ZMQError as error:
            raise peers_error(error) from None

    return translated  # type: ignore[return-value]
