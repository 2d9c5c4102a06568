"""Wait for several sockets and plain descriptors at once (zmq_poll)."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from zmqthread.api.sleeping import Sleeper, give_back, take_sleeper
from zmqthread.reactor import originals
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmqthread.api.core import Core
    from zmqthread.reactor.seams import Seams

#: Events of plain descriptors, as zmq_poll numbers them (WRITE is POLLOUT, READ is POLLIN).
ERROR = 4
PRIORITY = 8
#: What stands for them where selectors tell what is ready.
_PLAIN = object()


def poll(
    items: Sequence[tuple[Core, int]],
    descriptors: Sequence[tuple[int, int]],
    deadline: float | None,
    seams: Seams,
) -> list[int]:
    """Wait until one of the items is ready, or the deadline is over.

    Args:
        items: sockets, each with READ, WRITE or both.
        descriptors: plain file descriptors, with READ, WRITE, ERROR and PRIORITY; ERROR is told
            in any case, of a hang-up and of what is no descriptor as well.  Negative ones are
            ignored.
        deadline: on ``seams.monotonic``; None waits for ever.

    Returns:
        What each item is ready for (0: nothing), those of the sockets first.

    Raises:
        ZMQError: ETERM or ENOTSOCK of a socket that cannot be used (any more).
    """
    sleeper = take_sleeper(seams)
    try:
        return _poll(items, descriptors, deadline, sleeper, seams)
    finally:
        give_back(sleeper)


def _poll(
    items: Sequence[tuple[Core, int]],
    descriptors: Sequence[tuple[int, int]],
    deadline: float | None,
    sleeper: Sleeper,
    seams: Seams,
) -> list[int]:
    wanted: dict[Core, int] = {}
    for core, interest in items:
        wanted[core] = wanted.get(core, 0) | interest
    wait = _Wait(sleeper, seams, wanted)
    last = False
    try:
        while True:
            found = [wait.look(core, interest) for core, interest in items]
            plain = _plain_events(descriptors)
            if last or any(found) or any(plain):
                return found + plain
            timeout = None
            if deadline is not None:
                timeout = max(0.0, deadline - seams.monotonic())
                last = timeout == 0.0
            wait.sleep(descriptors, timeout)
    finally:
        try:
            wait.release()
        except BaseException:
            wait.release()  # the interrupt may have come before it had begun
            raise


class _Wait:
    """The sockets that a thread drives or follows until it has found something.

    It keeps them from one look to the next.  Threads that gave each other their sockets whenever
    they woke up would keep each other awake for ever.
    """

    __slots__ = (
        "_claimed",
        "_followed",
        "_found",
        "_me",
        "_ready",
        "_seams",
        "_sleeper",
        "_wanted",
    )

    def __init__(self, sleeper: Sleeper, seams: Seams, wanted: dict[Core, int]) -> None:
        self._sleeper = sleeper
        self._seams = seams
        self._me = seams.get_ident()
        self._wanted = wanted
        #: The sockets this thread drives, and who drove them before.
        self._claimed: dict[Core, int] = {}
        self._followed: dict[Core, None] = {}
        self._ready: set[Core] = set()
        self._found = False

    def look(self, core: Core, interest: int) -> int:
        """Return what ``core`` is ready for; if that is nothing, drive it or follow its driver."""
        with core.lock:
            core.enter()
            if core in self._ready:
                self._turn(core)
                core.notify()
            events = core.ready_for(interest)
            if events:
                self._found = True
            elif not self._found:
                core.flush_scheduled()
                core.last_write = 0.0
                if core not in self._claimed:
                    self._claim(core)
            return events

    def _claim(self, core: Core) -> None:
        before = core.driven
        if before not in {0, self._me} or not core.loop.nests or not core.settled():
            self._followed[core] = None
            core.follow(self._sleeper, self._wanted[core])
        else:
            core.unfollow(self._sleeper)
            self._followed.pop(core, None)
            self._claimed[core] = before
            core.borrow(self._me)

    def _turn(self, core: Core) -> None:
        core.turn(core.selector.select(0))
        self._ready.discard(core)

    def sleep(self, descriptors: Sequence[tuple[int, int]], timeout: float | None) -> None:
        """Wait for any of it."""
        sleeper = self._sleeper
        sleeper.watch(self._claimed)
        selector = sleeper.selector
        plain = dict[int, int]()
        for descriptor, interest in descriptors:
            if descriptor < 0:
                continue
            plain[descriptor] = plain.get(descriptor, 0) | interest & (READ | WRITE | PRIORITY)
        # No loop at the end of this: what a signal handler raises there passes by the `finally` in
        # Python 3.13.0.
        try:
            for descriptor, interest in plain.items():
                try:
                    # Where neither was asked for only hang-ups and urgent data may end the wait.
                    selector.register(descriptor, interest or PRIORITY, _PLAIN)
                except PermissionError:
                    pass  # a regular file: it is always ready, for what was not asked for
                except OSError:
                    timeout = 0.0  # closed meanwhile: the next look tells of it
            awake = not any(core.in_process for core in self._wanted)
            ready = sleeper.vigil.wait(selector.select, timeout, self._seams, awake=awake)
            self._ready.update(self._claimed.keys() & {data for data, _ in ready})
        finally:
            for descriptor in plain:
                selector.unregister(descriptor)
        sleeper.waker.drain()

    def release(self) -> None:
        """Give everything back, after a turn of what has become ready.

        An interrupt has to wait for that: a socket that kept its driver would be driven by nobody.
        """
        interrupt = None
        while self._claimed or self._followed:
            try:
                self._release_next()
            except BaseException as caught:  # what a signal handler raised
                interrupt = caught
        if interrupt is not None:
            raise interrupt

    def _release_next(self) -> None:
        for core, before in self._claimed.items():
            with core.lock:
                try:
                    self._hand_back(core, before)
                except BaseException:  # an interrupt: all of it may be done twice
                    core.look_again()
                    self._hand_back(core, before)
                    raise
                finally:
                    self._claimed.pop(core, None)
            return
        for core in self._followed:
            with core.lock:
                core.unfollow(self._sleeper)
                core.leave()
                del self._followed[core]
            return

    def _hand_back(self, core: Core, before: int) -> None:
        if core.driven == self._me:
            core.stop_driving(before)
        if core in self._ready and not core.released:
            self._turn(core)
        core.leave()


def _plain_events(descriptors: Sequence[tuple[int, int]]) -> list[int]:
    """Return what each descriptor is ready for."""
    asked: dict[int, int] = {}
    for descriptor, interest in descriptors:
        if descriptor >= 0:
            asked[descriptor] = asked.get(descriptor, 0) | interest
    if not asked:
        return [0] * len(descriptors)
    poller = originals.poll()
    for descriptor, interest in asked.items():
        poller.register(
            descriptor,
            (select.POLLIN if interest & READ else 0)
            | (select.POLLOUT if interest & WRITE else 0)
            | (select.POLLPRI if interest & PRIORITY else 0),
        )
    ready = dict(poller.poll(0))
    return [
        _events(ready.get(descriptor, 0)) & (interest | ERROR)
        for descriptor, interest in descriptors
    ]


def _events(mask: int) -> int:
    """Translate as zmq_poll does: hang-ups, too, and closed descriptors are errors."""
    return (
        (READ if mask & select.POLLIN else 0)
        | (WRITE if mask & select.POLLOUT else 0)
        | (PRIORITY if mask & select.POLLPRI else 0)
        | (ERROR if mask & ~(select.POLLIN | select.POLLOUT | select.POLLPRI) else 0)
    )
