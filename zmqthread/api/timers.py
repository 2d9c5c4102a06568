"""A set of timers that the program itself keeps going (zmq_timers)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zmqthread.constants import EINVAL
from zmqthread.errors import error_about
from zmqthread.reactor.seams import SYSTEM

#: Called with the timer's id and its argument.
Handler = Callable[[int, Any], object]


class _Timer:
    """One timer; `when` is on the set's clock, in milliseconds."""

    __slots__ = ("argument", "handler", "identifier", "interval", "when")

    def __init__(self, identifier: int, interval: int, handler: Handler, argument: Any) -> None:
        self.identifier = identifier
        self.interval = interval
        self.handler = handler
        self.argument = argument
        self.when = 0


class Timers:
    """Timers that fire when `execute` is called; for one thread at a time.

    A typical loop polls with `timeout`, then calls `execute`.  A timer that was missed several
    times fires once: nothing is caught up.

    Args:
        clock: seconds that never jump.
    """

    def __init__(self, clock: Callable[[], float] = SYSTEM.monotonic) -> None:
        """Begin with no timers."""
        self._clock = clock
        self._timers: dict[int, _Timer] = {}
        self._last_id = 0

    def add(self, interval: int, handler: Handler, argument: Any = None) -> int:
        """Add a timer that fires every ``interval`` milliseconds; return its id, 1 for the first.

        Args:
            interval: milliseconds from now to the first time, and from each to the next.
            handler: called with the id and ``argument``.
            argument: anything.

        Raises:
            ZMQError: EINVAL: the interval is negative.
        """
        _check(interval)
        self._last_id += 1
        timer = _Timer(self._last_id, interval, handler, argument)
        self._rearm(timer, self._now())
        self._timers[timer.identifier] = timer
        return timer.identifier

    def cancel(self, identifier: int) -> None:
        """Remove a timer.

        Raises:
            ZMQError: EINVAL: there is no such timer (any more).
        """
        del self._timers[self._known(identifier).identifier]

    def set_interval(self, identifier: int, interval: int) -> None:
        """Let a timer fire every ``interval`` milliseconds, counted from now.

        Raises:
            ZMQError: EINVAL: there is no such timer (any more), or the interval is negative.
        """
        timer = self._known(identifier)
        _check(interval)
        timer.interval = interval
        self._rearm(timer, self._now())

    def reset(self, identifier: int) -> None:
        """Let a timer's interval begin anew.

        Raises:
            ZMQError: EINVAL: there is no such timer (any more).
        """
        self._rearm(self._known(identifier), self._now())

    def timeout(self) -> int:
        """Return the milliseconds until the next timer is due, -1 without timers."""
        if not self._timers:
            return -1
        due = min(timer.when for timer in self._timers.values())
        return max(0, due - self._now())

    def execute(self) -> None:
        """Call the handlers of the timers that are due, each once, earliest first.

        Handlers may add, cancel and change timers: one that a handler cancels or moves on does
        not fire any more, one that it adds fires in a later call.  An exception of a handler ends
        the call; the timers that have not had their turn are still due.
        """
        now = self._now()
        due = [timer for timer in self._timers.values() if timer.when <= now]
        due.sort(key=lambda timer: timer.when)  # stable: of equal times the older timer is first
        for timer in due:
            if timer.when <= now and self._timers.get(timer.identifier) is timer:
                self._rearm(timer, now)
                timer.handler(timer.identifier, timer.argument)

    def _rearm(self, timer: _Timer, now: int) -> None:
        timer.when = now + timer.interval

    def _known(self, identifier: int) -> _Timer:
        timer = self._timers.get(identifier)
        if timer is None:
            raise error_about(EINVAL, timer=identifier)
        return timer

    def _now(self) -> int:
        # Whole milliseconds: who sleeps for `timeout` of them finds the timer due.
        return int(self._clock() * 1000)


def _check(interval: int) -> None:
    if interval < 0:
        raise error_about(EINVAL, interval=interval)
