"""What a thread sleeps on while others drive the sockets it waits for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from zmqthread.errors import error_from_os
from zmqthread.reactor.selector import EDGE, READ, SCARCE
from zmqthread.reactor.vigil import Vigil

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zmqthread.api.driving import Driven
    from zmqthread.reactor.seams import Seams


#: Seconds: so often who cannot be woken up looks again.
_NAP = 5e-3


class Sleeper:
    """What one thread sleeps on while others drive."""

    __slots__ = ("_watched", "selector", "vigil", "waker")

    def __init__(self, seams: Seams) -> None:
        self._watched: dict[Driven, int] = {}
        self.vigil = Vigil(seams)
        self.waker = seams.waker()
        self.selector = seams.selector()
        # Data of its own: selectors leave out what has none, and a ring is told of only once.
        self.selector.register(self.waker, READ | EDGE, self.waker)

    def sleep(self, timeout: float | None) -> None:
        """Sleep until rung; an old ring may end it early."""
        if self._watched:
            self.watch(())
        self.selector.select(timeout)
        self.waker.drain()

    def watch(self, sockets: Iterable[Driven]) -> None:
        """Wake up for these sockets' selectors, and for no others.

        What was watched before stays registered: polling the same sockets again costs nothing.
        """
        wanted = dict.fromkeys(sockets)
        watched = self._watched
        # Removals first: the descriptor of a closed socket may be another one's by now.
        for socket in [socket for socket in watched if socket not in wanted]:
            self.selector.unregister(watched.pop(socket))
        for socket in wanted:
            if socket not in watched:
                descriptor = socket.selector.fileno()
                self.selector.register(descriptor, READ, socket)
                watched[socket] = descriptor

    def __del__(self) -> None:
        for part in ("waker", "selector"):
            if hasattr(self, part):  # else there was no descriptor left for it
                getattr(self, part).close()


class Napper(Sleeper):
    """Stands in where there are no descriptors for a sleeper: it looks again, nobody rings it."""

    __slots__ = ("_seams",)

    def __init__(self, seams: Seams) -> None:
        self._seams = seams
        self.waker = _NOBODY

    def sleep(self, timeout: float | None) -> None:
        """Sleep for a moment."""
        self._seams.nap(_NAP if timeout is None else min(_NAP, timeout))


class _Nobody:
    """A waker that wakes nobody."""

    def ring(self) -> None:
        pass

    def drain(self) -> None:
        pass

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        pass


_NOBODY = _Nobody()


class _Sleepers(threading.local):
    def __init__(self) -> None:
        self.free: list[Sleeper] = []
        self.seams: Seams | None = None


_sleepers = _Sleepers()


def take_sleeper(seams: Seams, *, always: bool = False) -> Sleeper:
    """Return a sleeper of the calling thread, which gives it back with `give_back`.

    A signal handler that waits while it interrupts a wait gets another one.  ``always``: where the
    system gives no descriptors, one that naps.

    Raises:
        ZMQError: EMFILE, ENFILE, ENOMEM: the system gives no descriptors.
    """
    mine = _sleepers
    if mine.seams is not seams:
        mine.free, mine.seams = [], seams
    if mine.free:
        return mine.free.pop()
    try:
        return Sleeper(seams)
    except OSError as error:
        if always and error.errno in SCARCE:
            return Napper(seams)
        raise error_from_os(error) from error


def give_back(sleeper: Sleeper) -> None:
    """Keep a sleeper for the calling thread's next wait."""
    if not isinstance(sleeper, Napper):  # next time there may be descriptors
        _sleepers.free.append(sleeper)


def forget_sleepers() -> None:
    """In a forked child: what they sleep on is the parent's as well."""
    _sleepers.free = []
