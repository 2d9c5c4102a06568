"""Timers that need not fire to the moment, or hardly ever fire, wait in the crowd."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from zmqthread.reactor.timer import Timer

if TYPE_CHECKING:
    from zmqthread.reactor.loop import Loop

#: So many are let go before the loop looks at what is ready. With all of them at once the first 100
#: messages of a thousand sockets were there after 70 ms, and half of them after 90; so it is 35 and
#: 60. The last one is there as soon as before.
_AT_ONCE = 64


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
                self._await(now - now % self._beat + self._beat)
        except BaseException:  # an interrupt: nobody else would see to it
            loop.call(self._let_go)
            raise

    def _await(self, when: float) -> None:
        timer = Timer(when, self._let_go)
        self._stand_in = timer  # before it can fire, which takes that back
        self._loop.add(timer)

    def _let_go(self) -> None:
        # Said first: whoever adds one from here on has us called again, and what came before is
        # counted.
        self._stand_in = None
        gathered = self._gathered
        count = len(gathered)
        for _ in range(min(count, _AT_ONCE)):
            timer = gathered.popleft()
            if timer.call is not None:
                self._then(timer)
        if count > _AT_ONCE:
            self._await(self._loop.seams.monotonic())

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
