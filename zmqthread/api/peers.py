"""Single peers and groups: what only some socket types can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.constants import EFAULT, EINVAL, ENOTSUP, GROUP_MAX_LENGTH, SocketType
from zmqthread.errors import error_about, zmq_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqthread.api.core import Core


def _capability(core: Core, name: str) -> Callable[..., Any]:
    """Return a call of the socket's pattern; lock held.

    Raises:
        ZMQError: ENOTSUP: sockets of this type cannot do that. ETERM, ENOTSOCK.
    """
    core.enter()
    call: Callable[..., Any] | None = getattr(core.pattern, name, None)
    if call is None:
        raise zmq_error(ENOTSUP, f"{core.type_name} sockets cannot do that ({name})")
    return call


def peer_state(core: Core, routing_id: bytes) -> int:
    """Return POLLOUT if a ROUTER's peer has room, else 0.

    Raises:
        ZMQError: EHOSTUNREACH: no peer has that name. ENOTSUP: not a ROUTER. ETERM, ENOTSOCK.
    """
    with core.lock:
        call = _capability(core, "peer_state")
        if core.kind == SocketType.STREAM:
            raise zmq_error(ENOTSUP)
        return int(call(routing_id))


def join(core: Core, group: str) -> None:
    """Take messages of a group (DISH).

    Raises:
        ZMQError: EINVAL: joined before, or too long. ENOTSUP: not a DISH. ETERM, ENOTSOCK.
    """
    _change_group(core, "join", group)


def leave(core: Core, group: str) -> None:
    """Take messages of a group no longer (DISH).

    Raises:
        ZMQError: EINVAL: not joined, or too long. ENOTSUP: not a DISH. ETERM, ENOTSOCK.
    """
    _change_group(core, "leave", group)


def _change_group(core: Core, name: str, group: str) -> None:
    with core.lock:
        call = _capability(core, name)
        octets = group.encode("utf-8", "surrogateescape")
        if len(octets) > GROUP_MAX_LENGTH:
            raise error_about(EINVAL, group=group)
        call(octets)
        core.flush_scheduled()
        core.leave()


def connect_peer(core: Core, endpoint: str) -> int:
    """Connect and return the routing id that messages to that peer need (PEER).

    Raises:
        ZMQError: ENOTSUP: not a PEER. EFAULT: with IMMEDIATE there is no peer yet to tell the id
            of. Or what connecting raises.
    """
    with core.lock:
        expected = _capability(core, "expect_peer")
        if core.options.immediate:
            raise zmq_error(EFAULT)
    core.endpoints.connect(endpoint)
    return int(expected())


def disconnect_peer(core: Core, routing_id: int) -> None:
    """Drop one peer (SERVER, PEER).

    Raises:
        ZMQError: EHOSTUNREACH: there is no such peer. ENOTSUP: another type. ETERM, ENOTSOCK.
    """
    with core.lock:
        _capability(core, "disconnect_peer")(routing_id)
        core.leave()
