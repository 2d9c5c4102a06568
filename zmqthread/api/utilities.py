"""The small things of zmq.h that have nothing to do with messages: a counter and a stopwatch."""

from __future__ import annotations

import threading
import time


class AtomicCounter:
    """A number that any number of threads count up and down."""

    def __init__(self) -> None:
        """Begin at 0."""
        self._lock = threading.Lock()
        self._value = 0

    @property
    def value(self) -> int:
        """The number now."""
        return self._value

    def set(self, value: int) -> None:
        """Set the number."""
        with self._lock:
            self._value = value

    def increment(self) -> int:
        """Count up and return what the number was before."""
        with self._lock:
            before = self._value
            self._value = before + 1
            return before

    def decrement(self) -> bool:
        """Count down and return whether the number is not 0 now."""
        with self._lock:
            self._value -= 1
            return self._value != 0


class Stopwatch:
    """Measures microseconds from when it was made."""

    def __init__(self) -> None:
        """Start."""
        self._started = time.monotonic_ns()

    def microseconds(self) -> int:
        """Return how long it has been running."""
        return (time.monotonic_ns() - self._started) // 1000
