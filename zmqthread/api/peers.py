"""Single peers and groups: what only some socket types can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.constants import EFAULT, ENOTSUP
from zmqthread.errors import zmq_error
from zmqthread.labels import group_octets

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
        return int(_capability(core, "peer_state")(routing_id))


def join(core: Core, group: str | bytes) -> None:
    """Take messages of a group (DISH).

    Raises:
        ZMQError: EINVAL: joined before, or too long. ENOTSUP: not a DISH. ETERM, ENOTSOCK.
    """
    _change_group(core, "join", group)


def leave(core: Core, group: str | bytes) -> None:
    """Take messages of a group no longer (DISH).

    Raises:
        ZMQError: EINVAL: not joined, or too long. ENOTSUP: not a DISH. ETERM, ENOTSOCK.
    """
    _change_group(core, "leave", group)


def _change_group(core: Core, name: str, group: str | bytes) -> None:
    with core.lock:
        call = _capability(core, name)
        call(group_octets(group))
        core.flush_scheduled()
        core.leave()


def connect_peer(core: Core, endpoint: str) -> int:
    """Connect and return the routing id that messages to that peer need (PEER).

    Raises:
        ZMQError: ENOTSUP: not a PEER. EFAULT: with IMMEDIATE there is no peer yet to tell the id
            of. Or what connecting raises.
    """
    with core.lock:
        number_of = _capability(core, "number_of")
        if core.options.immediate:
            raise zmq_error(EFAULT)
    return int(number_of(core.endpoints.connect(endpoint)))


def disconnect_peer(core: Core, routing_id: int) -> None:
    """Drop one peer (SERVER, PEER).

    Raises:
        ZMQError: EHOSTUNREACH: there is no such peer. ENOTSUP: another type. ETERM, ENOTSOCK.
    """
    with core.lock:
        core.endpoints.drop(_capability(core, "find_peer")(routing_id))
        core.leave()


class Peers:
    """What a socket can be asked about one peer, or a group; all but DISH, PEER ... refuse."""

    _core: Core

    def join(self, group: str | bytes) -> None:
        """Take the messages of a group (DISH).

        Args:
            group: at most 255 octets, none of them zero; text stands for its UTF-8.

        Raises:
            ZMQError: EINVAL: joined before, or no name for a group; ENOTSUP, ETERM, ENOTSOCK.
        """
        join(self._core, group)

    def leave(self, group: str | bytes) -> None:
        """Take the messages of a group no longer, not even those that are there (DISH).

        Raises:
            ZMQError: EINVAL: not joined; ENOTSUP, ETERM, ENOTSOCK.
        """
        leave(self._core, group)

    def connect_peer(self, addr: str) -> int:
        """Connect, and return the routing id of the peer: a PEER can speak to it at once.

        Raises:
            ZMQError: EFAULT with IMMEDIATE: there is no peer yet; ENOTSUP; or see `connect`.
        """
        return connect_peer(self._core, addr)

    def disconnect_peer(self, routing_id: int) -> None:
        """Drop one peer, with what it has sent that was not read yet (SERVER, PEER).

        Raises:
            ZMQError: EHOSTUNREACH: there is no such peer; ENOTSUP, ETERM, ENOTSOCK.
        """
        disconnect_peer(self._core, routing_id)

    def peer_state(self, routing_id: bytes) -> int:
        """Return POLLOUT if the peer of that name has room, else 0 (ROUTER).

        Raises:
            ZMQError: EHOSTUNREACH: there is no such peer; ENOTSUP, ETERM, ENOTSOCK.
        """
        return peer_state(self._core, routing_id)
