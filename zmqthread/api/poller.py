"""`Poller`, `zmq_poll` and `select`: wait for sockets and plain descriptors together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.api.waiting import poll
from zmqthread.constants import POLLERR, POLLIN, POLLOUT
from zmqthread.reactor.seams import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zmqthread.api.core import Core


def core_of(item: Any) -> Core | None:
    """Return what is behind a socket of any face, None for everything else."""
    return getattr(item, "_core", None)


def zmq_poll(sockets: Sequence[tuple[Any, int]], timeout: float = -1) -> list[tuple[Any, int]]:
    """Wait until one of the items is ready.

    Args:
        sockets: (socket, events) pairs; a socket is a `Socket`, a descriptor, or any object with
            ``fileno()``; events are POLLIN, POLLOUT, POLLERR and POLLPRI.
        timeout: in milliseconds; negative waits for ever, 0 not at all.

    Returns:
        (socket or descriptor, events) of those that are ready.  POLLERR tells of a descriptor's
        hang-up or error, or that it is closed, whether asked for or not.

    Raises:
        ZMQError: ETERM, ENOTSOCK.
        TypeError: an item is none of the three.
        ValueError: an object's ``fileno()`` is not a descriptor.
    """
    if not sockets:
        return []
    return [(item, events) for item, events in poll_all(sockets, timeout) if events]


def poll_all(sockets: Sequence[tuple[Any, int]], timeout: float) -> list[tuple[Any, int]]:
    """As `zmq_poll`, but return all items, and wait without any as well."""
    cores: list[tuple[Core, int]] = []
    descriptors: list[tuple[int, int]] = []
    order: list[tuple[Any, bool, int]] = []
    for item, events in sockets:
        core = core_of(item)
        if core is not None:
            order.append((item, True, len(cores)))
            cores.append((core, int(events)))
        else:
            descriptor = _descriptor(item)
            order.append((descriptor, False, len(descriptors)))
            descriptors.append((descriptor, int(events)))
    seams = cores[0][0].seams if cores else SYSTEM
    deadline = None if timeout < 0 else seams.monotonic() + timeout / 1000
    found = poll(cores, descriptors, deadline, seams)
    return [
        (item, found[index if is_socket else len(cores) + index])
        for item, is_socket, index in order
    ]


def _descriptor(item: Any) -> int:
    if isinstance(item, int):
        return item
    fileno = getattr(item, "fileno", None)
    if fileno is None:
        raise TypeError(
            f"Socket must be a 0MQ socket, an integer fd or have a fileno() method: {item!r}"
        )
    try:
        return int(fileno())
    except (TypeError, ValueError) as error:
        raise ValueError(f"fileno() must return a valid integer fd: {item!r}") from error


class Poller:
    """A set of sockets and descriptors to wait for."""

    def __init__(self) -> None:
        #: (socket, flags) pairs in the order of registration.
        self.sockets: list[tuple[Any, int]] = []
        self._map: dict[Any, int] = {}

    def __contains__(self, socket: Any) -> bool:
        return socket in self._map

    def register(self, socket: Any, flags: int = POLLIN | POLLOUT) -> None:
        """Wait for ``flags`` of a socket or descriptor; 0 unregisters it."""
        if flags:
            if socket in self._map:
                self.sockets[self._map[socket]] = (socket, flags)
            else:
                self._map[socket] = len(self.sockets)
                self.sockets.append((socket, flags))
        elif socket in self._map:
            self.unregister(socket)

    def modify(self, socket: Any, flags: int = POLLIN | POLLOUT) -> None:
        """Change the events to wait for."""
        self.register(socket, flags)

    def unregister(self, socket: Any) -> None:
        """Wait for it no longer; KeyError if it is not registered."""
        index = self._map.pop(socket)
        self.sockets.pop(index)
        for other, _ in self.sockets[index:]:
            self._map[other] -= 1

    def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Return (socket, events) of what is ready.

        Args:
            timeout: in milliseconds; None or negative waits for ever.
        """
        return zmq_poll(self.sockets, -1 if timeout is None or timeout < 0 else timeout)


def select(
    rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """Like ``select.select``, for sockets and descriptors; ``timeout`` is in *seconds*."""
    wanted: dict[Any, int] = {}
    for items, event in ((rlist, POLLIN), (wlist, POLLOUT), (xlist, POLLERR)):
        for item in items:
            wanted[item] = wanted.get(item, 0) | event
    ready = zmq_poll(list(wanted.items()), -1 if timeout is None else timeout * 1000)
    return (
        [item for item, events in ready if events & POLLIN],
        [item for item, events in ready if events & POLLOUT],
        [item for item, events in ready if events & POLLERR],
    )
