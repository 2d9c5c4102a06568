"""The functions of the pyzmq-shaped face: proxies, devices, capabilities, versions."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from zmqthread.api import proxy as proxies
from zmqthread.api.poller import core_of
from zmqthread.constants import VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH
from zmqthread.option_types import enabled_features

if TYPE_CHECKING:
    from zmqthread.api.context import Context
    from zmqthread.api.core import Core
    from zmqthread.api.socket import Socket


#: Capabilities, which libzmq has by these names only, and the features behind them.
_CAPABILITIES = {
    **{name: name for name in ("curve", "draft", "gssapi", "norm", "pgm", "tipc", "vmci", "vsock")},
    "WS": "ws",
    "WSS": "ws",
}


def has(capability: str) -> bool:
    """Return whether a capability is there: "ipc", "curve", "gssapi", "draft", "WS" ..."""
    if capability == "ipc":
        return hasattr(socket, "AF_UNIX")
    return _CAPABILITIES.get(capability) in enabled_features


def proxy(frontend: Socket, backend: Socket, capture: Socket | None = None) -> None:
    """Pass messages between two sockets until the context is terminated.

    Args:
        frontend: faces the clients.
        backend: faces the services.
        capture: gets a copy of every message (PUSH, PUB, PAIR, DEALER).

    Raises:
        ContextTerminated: the context was terminated: the ordinary end.
        ZMQError: ENOTSOCK: one of the sockets was closed.
    """
    proxies.proxy(_core_of(frontend), _core_of(backend), _core_or_none(capture))


def _core_or_none(socket: Socket | None) -> Core | None:
    return None if socket is None else _core_of(socket)


def _core_of(socket: Socket) -> Core:
    core = core_of(socket)
    if core is None:
        raise TypeError(f"expected a socket, got: {socket!r}")
    return core


def proxy_steerable(
    frontend: Socket,
    backend: Socket,
    capture: Socket | None = None,
    control: Socket | None = None,
) -> None:
    """As `proxy`, steered by PAUSE, RESUME, TERMINATE and STATISTICS received on ``control``."""
    proxies.proxy_steerable(
        _core_of(frontend),
        _core_of(backend),
        _core_or_none(capture),
        _core_or_none(control),
    )


def device(device_type: int, frontend: Socket, backend: Socket) -> None:
    """Run `proxy`; the type is ignored, as in libzmq since 3.2."""
    proxy(frontend, backend)


def zmq_version_info() -> tuple[int, int, int]:
    """Return the version of libzmq whose behaviour this is."""
    return VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH


def zmq_version() -> str:
    """Return `zmq_version_info` as text."""
    return ".".join(map(str, zmq_version_info()))


def thread_name_prefix(context: Context) -> str:
    """Return THREAD_NAME_PREFIX of a context as text; reading the option gives a number."""
    prefix: str = context._engine.options.thread_name_prefix
    return prefix
