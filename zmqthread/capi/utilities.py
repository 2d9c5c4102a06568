"""Versions, errors, counters, stopwatches, threads."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from zmqthread.api import functions
from zmqthread.api.utilities import AtomicCounter, Stopwatch
from zmqthread.capi.constants import ZMQ_VERSION_MAJOR, ZMQ_VERSION_MINOR, ZMQ_VERSION_PATCH
from zmqthread.capi.memory import Handle, destroyed, handle, store, text
from zmqthread.errors import strerror, zmq_errno

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["zmq_errno"]


def zmq_strerror(errnum: int) -> str:
    """Return the text of an error number."""
    return strerror(errnum)


def zmq_version(major: Any = None, minor: Any = None, patch: Any = None) -> tuple[int, int, int]:
    """Return the version of zmq.h, and write its numbers to lists or buffers that are given."""
    numbers = ZMQ_VERSION_MAJOR, ZMQ_VERSION_MINOR, ZMQ_VERSION_PATCH
    for pointer, number in zip((major, minor, patch), numbers, strict=True):
        store(pointer, "=i", number)
    return numbers


def zmq_has(capability: Any) -> int:
    """Return 1 if a capability is there, else 0."""
    return int(functions.has(text(capability)))


# -- counters ---


class _Counter(AtomicCounter, Handle):
    pass


def zmq_atomic_counter_new() -> Any:
    """Make a counter that is 0."""
    return _Counter()


def zmq_atomic_counter_set(counter: Any, value: int) -> None:
    """Set a counter."""
    handle(counter, _Counter).set(value)


def zmq_atomic_counter_inc(counter: Any) -> int:
    """Count up; return what the counter was before."""
    return handle(counter, _Counter).increment()


def zmq_atomic_counter_dec(counter: Any) -> int:
    """Count down; return 0 if the counter is 0 now, else 1."""
    return int(handle(counter, _Counter).decrement())


def zmq_atomic_counter_value(counter: Any) -> int:
    """Return what the counter is."""
    return handle(counter, _Counter).value


def zmq_atomic_counter_destroy(counter_p: Any) -> None:
    """End a counter, given as such or in a list whose element becomes None."""
    destroyed(counter_p, _Counter)


# -- time ---


class _Stopwatch(Stopwatch, Handle):
    pass


def zmq_stopwatch_start() -> Any:
    """Start a stopwatch."""
    return _Stopwatch()


def zmq_stopwatch_intermediate(watch: Any) -> int:
    """Return the microseconds since the start."""
    return handle(watch, _Stopwatch).microseconds()


def zmq_stopwatch_stop(watch: Any) -> int:
    """Return the microseconds since the start, and end the stopwatch."""
    return destroyed(watch, _Stopwatch).microseconds()


def zmq_sleep(seconds: int) -> None:
    """Sleep."""
    time.sleep(seconds)


# -- threads ---


class _Thread(threading.Thread, Handle):
    pass


def zmq_threadstart(func: Callable[[Any], object], arg: Any = None) -> Any:
    """Start a thread that calls ``func(arg)``."""
    thread = _Thread(target=func, args=(arg,))
    thread.start()
    return thread


def zmq_threadclose(thread: Any) -> None:
    """Wait until a thread has ended."""
    destroyed(thread, _Thread).join()
