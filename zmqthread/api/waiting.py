"""Wait for several sockets and plain descriptors at once (zmq_poll)."""

from __future__ import annotations

import select
from errno import EBADF
from typing import TYPE_CHECKING

from zmqthread.api.driving import Sleeper, my_sleeper
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmqthread.api.core import Core
    from zmqthread.reactor.seams import Seams

#: Events of plain descriptors, as zmq_poll numbers them (WRITE is POLLOUT, READ is POLLIN).
ERROR = 4
PRIORITY = 8


def poll(
    items: Sequence[tuple[Core, int]],
    descriptors: Sequence[tuple[int, int]],
    deadline: float | None,
    seams: Seams,
) -> list[int]:
    """Wait until one of the items is ready, or the deadline is over.

    Args:
        items: sockets, each with READ, WRITE or both.
        descriptors: plain file descriptors, with READ, WRITE, ERROR and PRIORITY.
        deadline: on ``seams.monotonic``; None waits for ever.

    Returns:
        What each item is ready for (0: nothing), those of the sockets first.

    Raises:
        ZMQError: ETERM or ENOTSOCK of a socket that cannot be used (any more).
        OSError: EBADF of a descriptor that is none.
    """
    sleeper = my_sleeper(seams)
    last = False
    while True:
        wait = _Wait(sleeper)
        try:
            found = [wait.claim(core, interest) for core, interest in items]
            plain = _plain_events(descriptors)
            if any(found) or any(plain):
                return found + plain
            if last:
                return found + plain
            timeout = None
            if deadline is not None:
                timeout = max(0.0, deadline - seams.monotonic())
                last = timeout == 0.0
            wait.sleep(descriptors, timeout)
        finally:
            wait.release()


class _Wait:
    """One round: the sockets this thread drives or follows meanwhile."""

    __slots__ = ("_claimed", "_followed", "_found", "_ready", "_sleeper")

    def __init__(self, sleeper: Sleeper) -> None:
        self._sleeper = sleeper
        self._claimed: dict[Core, None] = {}
        self._followed: dict[Core, None] = {}
        self._ready: set[Core] = set()
        self._found = False

    def claim(self, core: Core, interest: int) -> int:
        """Return what ``core`` is ready for; if that is nothing, drive it or follow its driver."""
        with core.lock:
            core.enter()
            events = core.ready_for(interest)
            if events:
                self._found = True
            elif not self._found and core not in self._claimed:
                core.flush_scheduled()
                core.last_write = 0.0
                if core.driven or not core.loop.nests:
                    self._sleeper.interest = READ | WRITE
                    core.follow(self._sleeper)
                    self._followed[core] = None
                else:
                    core.borrow()
                    self._claimed[core] = None
            return events

    def sleep(self, descriptors: Sequence[tuple[int, int]], timeout: float | None) -> None:
        """Wait for any of it."""
        sleeper = self._sleeper
        sleeper.watch(self._claimed)
        selector = sleeper.selector
        plain = dict[int, int]()
        for descriptor, interest in descriptors:
            plain[descriptor] = plain.get(descriptor, 0) | interest & (READ | WRITE)
        for descriptor, interest in plain.items():
            selector.register(descriptor, interest or READ, None)
        try:
            for data, _ in selector.select(timeout):
                if data in self._claimed:
                    self._ready.add(data)
        finally:
            for descriptor in plain:
                selector.unregister(descriptor)
        sleeper.waker.drain()

    def release(self) -> None:
        """Give everything back, after a turn of what has become ready."""
        for core in self._claimed:
            with core.lock:
                core.driven = False
                if core in self._ready:
                    core.turn(core.selector.select(0))
                core.leave()
        for core in self._followed:
            with core.lock:
                core.unfollow(self._sleeper)
                core.leave()


def _plain_events(descriptors: Sequence[tuple[int, int]]) -> list[int]:
    """Return what each descriptor is ready for."""
    if not descriptors:
        return []
    asked: dict[int, int] = {}
    for descriptor, interest in descriptors:
        asked[descriptor] = asked.get(descriptor, 0) | interest
    poller = select.poll()
    for descriptor, interest in asked.items():
        poller.register(
            descriptor,
            (select.POLLIN if interest & READ else 0)
            | (select.POLLOUT if interest & WRITE else 0)
            | (select.POLLPRI if interest & PRIORITY else 0),
        )
    ready = dict(poller.poll(0))
    return [_events(ready.get(descriptor, 0)) & interest for descriptor, interest in descriptors]


def _events(mask: int) -> int:
    """Translate: a hang-up reads (and writes) as readiness, as libzmq has it."""
    if mask & select.POLLNVAL:
        raise OSError(EBADF, "not an open descriptor")
    return (
        (READ if mask & (select.POLLIN | select.POLLHUP) else 0)
        | (WRITE if mask & select.POLLOUT else 0)
        | (ERROR if mask & ~(select.POLLIN | select.POLLOUT | select.POLLPRI) else 0)
        | (PRIORITY if mask & select.POLLPRI else 0)
    )
