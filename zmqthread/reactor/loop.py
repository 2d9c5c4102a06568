"""The I/O thread: one selector, a heap of timers and an inbox that any thread may write to."""

from __future__ import annotations

import heapq
import logging
import math
from collections import deque
from collections.abc import Callable
from typing import Any

from zmqthread.reactor.gathering import Gathering
from zmqthread.reactor.seams import Seams
from zmqthread.reactor.selector import EDGE, READ
from zmqthread.reactor.timer import Timer

log = logging.getLogger("zmqthread")

_AWAKE = -math.inf
#: Seconds between the timers of a row and those of the next one.
_TOGETHER = 2e-3
#: A timer that is at least so many seconds away may wait for that in `Loop.far`.
FAR = 10.0


class Loop:
    """One I/O thread.  Everything but the inbox, `ring` and the selector belongs to that thread."""

    def __init__(self, seams: Seams, name: str) -> None:
        self.seams = seams
        self.name = name
        self.selector = seams.selector()
        #: Whether this selector can watch other selectors (epoll, kqueue).
        self.nests = self.selector.fileno() >= 0
        self.errors = 0
        #: The longest time, in seconds, that one turn kept the thread from its selector.
        self.longest_turn = 0.0
        #: How many sockets it drives; its owner counts.
        self.load = 0
        #: The thread has come to its end, whether it was told to or not.
        self.ended = False
        self._waker = seams.waker()
        self._inbox: deque[Timer | Callable[[], None]] = deque()
        self._timers: list[Timer] = []
        #: Timers that fire within moments, one after another.
        self.row = Gathering(self, _TOGETHER, self._fire)
        #: Timers that will have been cancelled long before their time, most often.
        self.far = Gathering(self, FAR, self._expect)
        # When the thread will wake by itself; _AWAKE while it runs and needs no ring.
        self._wakes_at = _AWAKE
        self._stopping = False
        self._closes = False
        self._stopped_hook: Callable[[], None] | None = None
        self._thread: Any = None
        self.selector.register(self._waker, READ | EDGE, self._on_ring)

    def start(self, stopped: Callable[[], None], prepare: Callable[[], None] | None = None) -> None:
        """Start the thread: it calls ``prepare`` first, and ``stopped`` when it ends, however."""
        self._stopped_hook = stopped
        if prepare is not None:
            self.call(prepare)
        self._thread = self.seams.start_thread(self.name, self._run)

    def stop(self, *, close: bool = False) -> None:
        """Ask the thread to end after its turn, and to call `close` then if nobody else will."""
        self._closes = close
        self.call(self._stop)

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread's end."""
        self._thread.join(timeout)

    def descriptor(self) -> int:
        """Return a descriptor of its own."""
        return self._waker.fileno()

    def close(self) -> None:
        """Release the descriptors, once the thread has ended (or was never started)."""
        self._waker.close()
        self.selector.close()

    # -- from any thread ---------------------------------------------------------------------

    def call(self, function: Callable[[], None]) -> None:
        """Run ``function`` in the I/O thread, soon."""
        try:
            self._inbox.append(function)
            # The sleeper announces itself, then looks at the inbox once more: see _sleep.
            if self._wakes_at != _AWAKE:
                self._waker.ring()
        except BaseException:  # an interrupt: the function may be there already
            self._waker.ring()
            raise

    def call_at(self, when: float, function: Callable[[], None]) -> Timer:
        """Run ``function`` in the I/O thread at ``when`` on the monotonic clock."""
        timer = Timer(when, function)
        self.add(timer)
        return timer

    def add(self, timer: Timer) -> None:
        """Have a timer fire in the I/O thread once its time has come."""
        try:
            self._inbox.append(timer)
            if timer.when < self._wakes_at:
                self._waker.ring()
        except BaseException:  # an interrupt: the timer may be there already
            self._waker.ring()
            raise

    # -- the I/O thread ----------------------------------------------------------------------

    def _stop(self) -> None:
        self._stopping = True

    def _on_ring(self, _events: int) -> None:
        self._waker.drain()

    def _run(self) -> None:
        try:
            while not self._stopping:
                self.turn(self._sleep())
        finally:
            self._wakes_at = _AWAKE
            self.ended = True
            if self._stopped_hook is not None:
                self._stopped_hook()
            if self._closes:
                self.close()

    def _sleep(self) -> list[tuple[Any, int]]:
        """Wait for the next event or timer and return what is ready."""
        self.far.forget_cancelled()
        timers = self._timers
        while timers and timers[0].call is None:
            heapq.heappop(timers)
        self._wakes_at = timers[0].when if timers else math.inf
        # Announced: whoever writes to the inbox from here on rings.  What came before is seen
        # by taking it out, which orders this look behind the other thread's append.
        if self._take_inbox():
            self._wakes_at = _AWAKE
            return self.selector.select(0)
        timeout = None
        if timers:
            timeout = max(0.0, timers[0].when - self.seams.monotonic())
        ready = self.selector.select(timeout)
        self._wakes_at = _AWAKE
        return ready

    def turn(self, ready: list[tuple[Any, int]]) -> None:
        """Handle what is ready, then the inbox, then the timers that are due."""
        monotonic = self.seams.monotonic
        began = monotonic()
        for handler, events in ready:
            self._guard(handler, events)
        self._take_inbox()
        timers = self._timers
        while timers and timers[0].when <= began:
            timer = heapq.heappop(timers)
            if timer.call is not None:
                self._guard(timer.fire)
        took = monotonic() - began
        if took > self.longest_turn:
            self.longest_turn = took

    def _take_inbox(self) -> bool:
        inbox = self._inbox
        found = False
        while True:
            try:
                item = inbox.popleft()
            except IndexError:
                return found
            found = True
            if isinstance(item, Timer):
                if item.call is not None:
                    self._expect(item)
            else:
                self._guard(item)

    def _expect(self, timer: Timer) -> None:
        heapq.heappush(self._timers, timer)

    def _fire(self, timer: Timer) -> None:
        self._guard(timer.fire)

    def _guard(self, call: Callable[..., None], *args: Any) -> None:
        """Run a handler: whatever it raises is logged and counted, and the thread goes on."""
        try:
            call(*args)
        except Exception:
            self.errors += 1
            log.exception("%s: a handler failed", self.name)
