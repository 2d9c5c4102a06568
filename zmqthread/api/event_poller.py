"""`EventPoller`: sockets and descriptors to wait for, with what the program knows them by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zmqthread.api.core import Core
from zmqthread.api.waiting import ERROR, PRIORITY, poll
from zmqthread.constants import EAGAIN, EFAULT, EINVAL
from zmqthread.errors import error_about, error_from_os, zmq_error
from zmqthread.reactor.seams import SYSTEM, Seams
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from zmqthread.reactor.selector import Selector

_EVENTS = READ | WRITE | ERROR | PRIORITY


class Registered(NamedTuple):
    """What is waited for on one socket or descriptor."""

    events: int
    #: Comes back with each event.
    data: Any


class EventPoller:
    """A set of sockets and descriptors to wait for; for one thread at a time."""

    def __init__(self, seams: Seams = SYSTEM) -> None:
        """Begin with nothing to wait for."""
        self._seams = seams
        self._items: dict[Core | int, Registered] = {}
        #: Holds the descriptors of all sockets, once somebody has asked for its own.
        self._watch: Selector | None = None

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Core | int, events: int, data: Any = None) -> None:
        """Wait for events of a socket or descriptor.

        Raises:
            ZMQError: EINVAL: it is there already, or there are no such events.
        """
        _check(events)
        if item in self._items:
            raise error_about(EINVAL, item=item)
        self._items[item] = Registered(events, data)
        if self._watch is not None and isinstance(item, Core):
            self._watch.register(item.descriptor(), READ, item)

    def modify(self, item: Core | int, events: int) -> None:
        """Wait for other events.

        Raises:
            ZMQError: EINVAL: it is not there, or there are no such events.
        """
        _check(events)
        self._items[item] = self._known(item)._replace(events=events)

    def remove(self, item: Core | int) -> None:
        """Wait for it no longer; a socket may have been closed before.

        Raises:
            ZMQError: EINVAL: it is not there.
        """
        self._known(item)
        del self._items[item]
        if self._watch is not None and isinstance(item, Core):
            # What was closed has left the selector by itself, and its number may be another's.
            self.close()
            self.fileno()

    def wait(self, most: int, timeout: float) -> list[tuple[Core | int, int, Any]]:
        """Return up to ``most`` of those that are ready, each with its events and its data.

        Args:
            most: how many at most.
            timeout: milliseconds; negative waits for ever.

        Raises:
            ZMQError: EAGAIN: the time is over. EFAULT: to wait for ever for nothing. ETERM,
                ENOTSOCK.
        """
        wanted = {item: row for item, row in self._items.items() if row.events}
        if not wanted and timeout < 0:
            raise zmq_error(EFAULT)
        deadline = None if timeout < 0 else self._seams.monotonic() + timeout / 1000
        cores = [(item, row.events) for item, row in wanted.items() if isinstance(item, Core)]
        plain = [(item, row.events) for item, row in wanted.items() if isinstance(item, int)]
        try:
            found = poll(cores, plain, deadline, self._seams)
        except OSError as error:
            raise error_from_os(error) from None
        if self._watch is not None:
            self._looked()
        events = dict(zip((item for item, _ in (*cores, *plain)), found, strict=True))
        ready = [(item, events[item], row.data) for item, row in wanted.items() if events[item]]
        if not ready:
            raise zmq_error(EAGAIN)
        return ready[:most]

    def fileno(self) -> int:
        """Return a descriptor that is readable when a socket's readiness has changed.

        Like that of a socket it tells of changes: `wait` until that raises EAGAIN.

        Raises:
            ZMQError: EINVAL: no socket is there.
        """
        sockets = [item for item in self._items if isinstance(item, Core) and not item.closing]
        if not sockets:
            self.close()
            raise zmq_error(EINVAL)
        if self._watch is None:
            self._watch = self._seams.selector()
            for core in sockets:
                self._watch.register(core.descriptor(), READ, core)
        return self._watch.fileno()

    def _looked(self) -> None:
        for item in self._items:
            if isinstance(item, Core):
                item.events()  # from here on the next change counts

    def close(self) -> None:
        """Give the descriptor back, if there is one."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _known(self, item: Core | int) -> Registered:
        row = self._items.get(item)
        if row is None:
            raise error_about(EINVAL, item=item)
        return row


def _check(events: int) -> None:
    if events & ~_EVENTS:
        raise error_about(EINVAL, events=events)
