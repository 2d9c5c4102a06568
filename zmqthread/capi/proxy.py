"""zmq_proxy, zmq_proxy_steerable and zmq_device."""

from __future__ import annotations

from typing import Any

from zmqthread.api import functions
from zmqthread.api.socket import Socket
from zmqthread.capi.memory import socket_of
from zmqthread.constants import EFAULT
from zmqthread.errors import zmq_error


def zmq_proxy(frontend: Any, backend: Any, capture: Any = None) -> int:
    """Pass messages between two sockets until the context is terminated.

    Raises:
        ZMQError: ETERM: the ordinary end. EFAULT: a socket is None. ENOTSOCK: one is not a socket,
            or was closed.
    """
    functions.proxy(_needed(frontend), _needed(backend), _optional(capture))
    return 0


def zmq_proxy_steerable(
    frontend: Any, backend: Any, capture: Any = None, control: Any = None
) -> int:
    """As `zmq_proxy`, steered by PAUSE, RESUME, STATISTICS and TERMINATE, after which it returns 0.

    Raises:
        ZMQError: as `zmq_proxy`.
    """
    functions.proxy_steerable(
        _needed(frontend), _needed(backend), _optional(capture), _optional(control)
    )
    return 0


def zmq_device(type_: int, frontend: Any, backend: Any) -> int:
    """See `zmq_proxy`, which has replaced it; the type is ignored."""
    functions.device(type_, _needed(frontend), _needed(backend))
    return 0


def _needed(socket: Any) -> Socket:
    if socket is None:
        raise zmq_error(EFAULT)
    return socket_of(socket)


def _optional(socket: Any) -> Socket | None:
    return None if socket is None else socket_of(socket)
