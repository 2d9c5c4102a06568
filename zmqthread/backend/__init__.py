"""The engine under pyzmq: ``PYZMQ_BACKEND=zmqthread.backend``.

pyzmq imports this module in place of its binding to libzmq, and runs all that stands on that
binding (``zmq.asyncio``, ``zmq.green``, tornado streams, devices, authenticators) on zmqthread.
What pyzmq expects here are the names in ``__all__`` and `monitored_queue`.

pyzmq is half imported when it imports this, so nothing below touches it before it is called.
"""

from __future__ import annotations

from typing import Any

from zmqthread.api.functions import has, zmq_version_info
from zmqthread.backend.context import Context
from zmqthread.backend.errors import peers_errors
from zmqthread.backend.frame import Frame
from zmqthread.backend.socket import Socket
from zmqthread.endpoint import IPC_PATH_MAX as IPC_PATH_MAX_LEN
from zmqthread.errors import strerror, zmq_errno

__all__ = [
    "IPC_PATH_MAX_LEN",
    "PYZMQ_DRAFT_API",
    "Context",
    "Frame",
    "Message",
    "Socket",
    "curve_keypair",
    "curve_public",
    "has",
    "proxy",
    "proxy_steerable",
    "strerror",
    "zmq_errno",
    "zmq_poll",
    "zmq_version_info",
]

Message = Frame

#: pyzmq offers the drafts if this and ``has("draft")`` are true.
PYZMQ_DRAFT_API = True

#: pyzmq brings one in Python, which it takes if there is none here.
monitored_queue = None


@peers_errors
def zmq_poll(sockets: Any, timeout: float | None = -1) -> list[tuple[Any, int]]:
    """See `zmqthread.zmq_poll`."""
    from zmqthread.api.poller import zmq_poll as poll

    return poll(sockets, -1 if timeout is None else timeout)


@peers_errors
def proxy(frontend: Any, backend: Any, capture: Any = None) -> None:
    """See `zmqthread.proxy`."""
    from zmqthread.api.functions import proxy as run

    run(frontend, backend, capture)


@peers_errors
def proxy_steerable(frontend: Any, backend: Any, capture: Any = None, control: Any = None) -> None:
    """See `zmqthread.proxy_steerable`."""
    from zmqthread.api.functions import proxy_steerable as run

    run(frontend, backend, capture, control)


@peers_errors
def curve_keypair() -> tuple[bytes, bytes]:
    """See `zmqthread.curve_keypair`."""
    from zmqthread.security.keys import curve_keypair as make

    return make()


@peers_errors
def curve_public(secret_key: str | bytes) -> bytes:
    """See `zmqthread.curve_public`."""
    from zmqthread.security.keys import curve_public as derive

    return derive(secret_key)
