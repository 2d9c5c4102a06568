"""The only door to clock, selectors, sockets, locks and threads.

The core takes all five from one `Seams` object.  `SYSTEM` is the standard library; tests hand in a
simulated kernel with virtual time and a seeded schedule, and run the same code on it.
"""

from __future__ import annotations

import os
import random
import select
import socket
import time
from collections.abc import Callable
from typing import Any

from zmqthread.reactor import descriptors, originals
from zmqthread.reactor.flat import FlatSelector
from zmqthread.reactor.selector import EpollSelector, PortableSelector, Selector
from zmqthread.reactor.waker import (
    EventfdWaker,
    PairedWaker,
    Signal,
    SocketpairWaker,
    Waker,
    paired_wakers,
)


def _patience() -> float:
    """Return what `Seams.patience` is here: 0 where there is no other processor to wait for."""
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        return 0.0
    return 250e-6


class Seams:
    """The standard library, seen through the names that the core uses."""

    #: Seconds: waits shorter than this are worth staying awake for; 0 never does (see `Vigil`).
    patience: float = _patience()
    #: Seconds on a clock that never jumps.
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    get_ident: Callable[[], int] = staticmethod(originals.get_ident)
    #: Jitter, ids; not for keys.
    random: random.Random = random.SystemRandom()

    def selector(self) -> Selector:
        """Return a new selector."""
        if originals.epoll is not None:
            return EpollSelector()
        return PortableSelector() if hasattr(select, "kqueue") else FlatSelector()

    def waker(self) -> Waker:
        """Return a new waker."""
        return EventfdWaker() if hasattr(os, "eventfd") else SocketpairWaker()

    def paired_wakers(self) -> tuple[PairedWaker, PairedWaker] | None:
        """Return two wakers that share a socket pair, or None where that brings nothing.

        Raises:
            OSError: EMFILE, ENFILE, ENOMEM.
        """
        return paired_wakers() if hasattr(os, "eventfd") else None

    def signal(self) -> Signal:
        """Return a new descriptor for programs that watch a socket themselves."""
        return Signal()

    def socket(self, family: int, kind: int, proto: int = 0) -> Any:
        """Return a new non-blocking socket that a child process does not inherit."""
        if hasattr(socket, "SOCK_NONBLOCK"):  # one system call for both
            return originals.Socket(family, kind | socket.SOCK_NONBLOCK, proto)
        sock = originals.Socket(family, kind, proto)
        sock.setblocking(False)
        return sock

    def expect_descriptors(self, count: int, one: int) -> None:
        """Make room for ``count`` more descriptors; ``one`` is any that is open."""
        descriptors.expect(count, one)

    def lock(self) -> Any:
        """Return a new lock.

        Signal handlers and finalizers run in between the steps of whatever their thread does, with
        its locks: so a thread may take a lock again, and can ask whether it has done so.
        """
        return originals.RLock()

    def nap(self, seconds: float) -> None:
        """Sleep, with nobody to end it early."""
        time.sleep(seconds)

    def give_way(self) -> None:
        """Let another thread or process have the processor, if one could use it."""
        os.sched_yield()

    def start_thread(self, name: str, target: Callable[[], None]) -> Any:
        """Start a daemon thread: a forgotten context does not keep the interpreter alive."""
        return originals.start_thread(name, target)


class FlatSeams(Seams):
    """As on systems whose selectors cannot be nested: the I/O thread drives alone."""

    def selector(self) -> Selector:
        """Return a selector that the system cannot watch."""
        return FlatSelector()

    def waker(self) -> Waker:
        """Return a waker that is read to be cleared: there is no edge mode."""
        return SocketpairWaker()


SYSTEM = Seams()
