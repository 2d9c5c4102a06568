"""Time two threads that only wake each other: ``bare_handover MICROSECONDS ROUNDTRIP-COUNT``.

No library: what is measured is a queue of the standard library, and the interpreter that both
threads need. Each computes for so many microseconds before it answers, as a library would. It is
the least that a round trip within a process takes; then the same with both threads bound to one
processor, where that can be done.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
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


def answer(asked: SimpleQueue[int], answered: SimpleQueue[int], passes: int, count: int) -> None:
    for _ in range(count):
        item = asked.get()
        compute(passes)
        answered.put(item)


def median_roundtrip(passes: int, count: int) -> float:
    """Return the median time of a round trip between two threads, in seconds."""
    asked, answered = SimpleQueue[int](), SimpleQueue[int]()
    arguments = (asked, answered, passes, count + _WARM_UP)
    thread = threading.Thread(target=answer, args=arguments, daemon=True)  # Ctrl-C ends both
    thread.start()
    taken = []
    for item in range(count + _WARM_UP):
        begin = time.perf_counter()
        compute(passes)
        asked.put(item)
        answered.get()
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
    show("median roundtrip", median_roundtrip(passes, wanted.count) * _MICROSECONDS, "us")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        on_one = median_roundtrip(passes, wanted.count)
        show("median roundtrip on one processor", on_one * _MICROSECONDS, "us")


if __name__ == "__main__":
    main()
