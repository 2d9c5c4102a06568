"""Timers that need not fire to the moment, or hardly ever fire, wait in the crowd."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from zmqthread.reactor.timer import Timer

if TYPE_CHECKING:
    from zmqthread.reactor.loop import Loop


class Gathering:
    """Timers that one timer of the loop stands for; each costs as much as to append it to a list.

    Args:
        loop: whose thread it is.
        beat: seconds; when the clock shows a multiple of it, all that have come are let go.
        then: called with each of them that has not been cancelled.
    """

    def __init__(self, loop: Loop, beat: float, then: Callable[[Timer], None]) -> None:
        self._loop = loop
        self._beat = beat
        self._then = then
        self._gathered: deque[Timer] = deque()
        self._stand_in: Timer | None = None

    def add(self, timer: Timer) -> None:
        """Have a timer wait here; from any thread."""
        loop = self._loop
        try:
            self._gathered.append(timer)
            if self._stand_in is None:
                now = loop.seams.monotonic()
                timer = Timer(now - now % self._beat + self._beat, self._let_go)
                self._stand_in = timer  # before it can fire, which takes that back
                loop.add(timer)
        except BaseException:  # an interrupt: nobody else would see to it
            loop.call(self._let_go)
            raise

    def _let_go(self) -> None:
        # Said first: whoever adds one from here on has us called again, and what came before is
        # counted.
        self._stand_in = None
        gathered = self._gathered
        for _ in range(len(gathered)):
            timer = gathered.popleft()
            if timer.call is not None:
                self._then(timer)

    def forget_cancelled(self) -> None:
        """Let nobody be woken for those that are at the head of the line and want nothing more."""
        gathered, stand_in = self._gathered, self._stand_in
        while gathered and gathered[0].call is None:
            gathered.popleft()
        if stand_in is not None and not gathered:
            self._stand_in = None
            if gathered:  # somebody has come meanwhile, and may have relied on it
                self._stand_in = stand_in
            else:
                stand_in.cancel()
