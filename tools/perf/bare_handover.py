"""Time two threads that only wake each other: ``bare_handover MICROSECONDS ROUNDTRIP-COUNT``.

No library: what is measured is a queue of the standard library, or a socket pair, and the
interpreter that both threads need. Each computes for so many microseconds before it answers, as a
library would. It is the least that a round trip within a process takes; then the same with both
threads bound to one processor, where that can be done.
"""

from __future__ import annotations

import argparse
import os
import socket
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from tools.perf.common import natural, percentile, positive
from tools.perf.measured import show

_MICROSECONDS = 1e6
_WARM_UP = 200


def loops_for(seconds: float) -> int:
    """Return how many passes of `compute` take so long."""
    passes = 20_000
    least = min(timed(passes) for _ in range(20))
    return round(passes * seconds / least)


def timed(passes: int) -> float:
    begin = time.perf_counter()
    compute(passes)
    return time.perf_counter() - begin


def compute(passes: int) -> None:
    for _ in range(passes):
        pass


class Queues:
    """Two queues."""

    def __init__(self) -> None:
        self._asked, self._answered = SimpleQueue[bytes](), SimpleQueue[bytes]()

    def ask(self) -> None:
        self._asked.put(b"?")
        self._answered.get()

    def answer(self, compute: Callable[[], None]) -> None:
        self._asked.get()
        compute()
        self._answered.put(b"!")


class SocketPair:
    """A socket pair: who takes an octet out of it wakes the processor of who put it in."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()

    def ask(self) -> None:
        self._near.send(b"?")
        self._near.recv(1)

    def answer(self, compute: Callable[[], None]) -> None:
        self._far.recv(1)
        compute()
        self._far.send(b"!")


def median_roundtrip(way: Queues | SocketPair, passes: int, count: int) -> float:
    """Return the median time of a round trip between two threads, in seconds."""

    def answer() -> None:
        for _ in range(count + _WARM_UP):
            way.answer(lambda: compute(passes))

    thread = threading.Thread(target=answer, daemon=True)  # Ctrl-C ends both
    thread.start()
    taken = []
    for _ in range(count + _WARM_UP):
        begin = time.perf_counter()
        compute(passes)
        way.ask()
        taken.append(time.perf_counter() - begin)
    thread.join()
    return percentile(taken[_WARM_UP:], 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("microseconds", type=natural, help="how long each end computes")
    parser.add_argument("count", metavar="roundtrip-count", type=positive)
    wanted = parser.parse_args()
    passes = loops_for(wanted.microseconds / _MICROSECONDS)
    show("computing at each end", wanted.microseconds, "us")
    queues = median_roundtrip(Queues(), passes, wanted.count)
    show("median roundtrip", queues * _MICROSECONDS, "us")
    pair = median_roundtrip(SocketPair(), passes, wanted.count)
    show("median roundtrip over a socket pair", pair * _MICROSECONDS, "us")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        on_one = median_roundtrip(Queues(), passes, wanted.count)
        show("median roundtrip on one processor", on_one * _MICROSECONDS, "us")


if __name__ == "__main__":
    main()
