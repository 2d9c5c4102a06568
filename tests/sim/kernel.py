"""A deterministic kernel: real threads pass one baton, a seeded generator picks who moves next.

Exactly one task runs at a time.  Each call through a seam is a point where the baton may go to
another task; when nobody can move, virtual time jumps to the next timer.  A run is its seed and the
code it ran: `Kernel.trace_hash` is equal whenever both are.
"""

from __future__ import annotations

import gc
import heapq
import itertools
import os
import random
from _thread import allocate_lock, get_ident
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Self

from tests.sim.task import (
    MACHINERY,
    Crash,
    SimDeadlock,
    SimError,
    SimHang,
    SimLivelock,
    Task,
    Timer,
    living,
    pin,
)
from tests.sim.trace import Trace
from tests.sim.watchdog import Watchdog

MACHINERY.add(__file__)

#: Kernels, and processes, take the processors in turn.
_turn = itertools.count(os.getpid())


class Kernel:
    """The scheduler, its virtual clock and its trace.

    ``preempt`` names modules (or packages) in which every line may be pre-empted, with chance
    ``preempt_p``.  ``stick`` is the chance that the running task goes on; None lets the seed choose
    between restless and steady schedules.  ``lag`` bounds how far time may run on its own while
    work is pending.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        stick: float | None = None,
        lag: float = 0.002,
        lag_p: float = 0.05,
        step_time: float = 1e-6,
        preempt: Sequence[str] = (),
        preempt_p: float = 0.1,
        max_steps: int = 300_000,
        max_time: float = 3600.0,
        real_budget: float = 60.0,
        hang_after: float = 20.0,
    ) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.now = self.started = 1000.0
        self.steps = 0
        self.current: Task | None = None
        self.tasks: list[Task] = []
        self.error: BaseException | None = None
        self.closed = False
        cpus = sorted(pin(None))
        self.cpu = {cpus[next(_turn) % len(cpus)]}
        #: Things worth having seen at least once over many seeds.
        self.sometimes: Counter[str] = Counter()
        #: Called before each step, in no task: they raise AssertionError, and must not block.
        self.invariants: list[Callable[[], None]] = []
        self.preempt, self.preempt_p = tuple(preempt), preempt_p
        self.step_time, self.lag, self.lag_p = step_time, lag, lag_p
        self.stick = self.rng.choice((0.0, 0.4, 0.8)) if stick is None else stick
        self.frozen_p = 0.0 if self.rng.random() < 0.5 else 0.01
        self.max_steps, self.max_time = max_steps, max_time
        self.real_budget, self.hang_after = real_budget, hang_after
        self._apps = self._live = 0
        self._runnable: list[Task] = []
        self._polled: list[Task] = []
        self._timers: list[tuple[float, int, Timer]] = []
        self._timer_number = 0
        self._frozen: tuple[Task | None, int] = (None, 0)
        self.preempted: dict[str, bool] = {}
        self._trace = Trace()
        self._main = allocate_lock()
        self._main.acquire()
        self._until: Callable[[], object] | None = None
        self._leaving: Task | None = None
        self.stuck: set[int] = set()
        # The kernel is at work: what finalizers and predicates call must not pass the baton.
        self._busy = False
        self._leave_services = False

    # -- trace -------------------------------------------------------------------------------

    def note(self, who: str, what: str) -> None:
        """Add an event to the trace."""
        self._trace.add(self.now, who, what)

    @property
    def trace_hash(self) -> str:
        return self._trace.hash

    def report(self, last: int = 40) -> str:
        """Seed, tasks with what they wait for, and the end of the trace."""
        head = f"seed {self.seed}, {self.steps} steps, {self.now - self.started:.6f} simulated s"
        return "\n".join([head, *living(self.tasks), *self._trace.tail(last, self.started)])

    # -- time --------------------------------------------------------------------------------

    def after(self, delay: float, call: Callable[[], None]) -> Timer:
        """Call ``call`` when ``delay`` simulated seconds have passed; it must not block."""
        timer = Timer(call)
        self._timer_number += 1
        heapq.heappush(self._timers, (self.now + delay, self._timer_number, timer))
        return timer

    def _fire(self) -> bool:
        """Run the next timer, time having come to it; False when there is none."""
        if not self._timers:
            return False
        when, _, timer = heapq.heappop(self._timers)
        if timer.call is not None:  # a cancelled one is no reason for time to move
            if when > self.now:
                self.now = when
                if when - self.started > self.max_time:
                    raise SimLivelock(f"{self.max_time} simulated seconds have passed")
            timer.call()
        return True

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass in the running task."""
        if not self.point("sleep"):
            self.park(lambda: False, seconds, "sleep", [])

    # -- tasks -------------------------------------------------------------------------------

    def spawn(
        self, fn: Callable[[], object], name: str, node: str = "", *, service: bool = False
    ) -> Task:
        """Add a task.  ``service`` marks the threads which the code under test starts itself."""
        if self.closed and self.current is None:
            raise SimError("the simulation is over")
        taken = sum(task.name.partition("#")[0] == name for task in self.tasks)
        task = Task(self, fn, f"{name}#{taken + 1}" if taken else name, node, service)
        self.tasks.append(task)
        task.number = len(self.tasks)
        self._runnable.append(task)
        self._live += 1
        self._apps += not service
        task.thread.start()
        return task

    def kill(self, task: Task) -> None:
        """Make ``task`` raise `Crash` at its next seam call."""
        if not task.done:
            task.killed = True
            self.wake(task)

    def leave(self, task: Task) -> None:
        """The last thing that a task's thread does: the test's thread buries it."""
        if self.closed or task.ident in self.stuck:
            task.done = True
            return
        # What the thread's locals do when they go away must not pass the baton, nor block.
        task.killed = task.dying = True
        self._leaving = task
        self._main.release()

    def bury(self) -> bool:
        """In the test's thread: end a task when its real thread has ended; False if that is all."""
        task, self._leaving = self._leaving, None
        if task is None:
            return False
        task.thread.join(self.hang_after)
        task.done = True
        self._live -= 1
        self._apps -= not task.service
        if task.runnable:
            task.runnable = False
            self._runnable.remove(task)
        for joiner in task.joiners:
            self.wake(joiner)
        return self._start()

    def ident(self) -> int:
        """The number of the running task; 0 outside of all tasks."""
        return self.current.number if self.current is not None else 0

    # -- what seams call ---------------------------------------------------------------------

    def point(self, why: str) -> bool:
        """Let others move.  True: this task is being killed, so do the rest without blocking."""
        me = self.current
        if me is None or self._busy:
            if me is None and self.stuck and get_ident() in self.stuck:
                raise Crash
            return self.closed
        if me.ident != get_ident():
            self.fail(
                SimError(f"{why}: called by a thread that is no task (while {me.name!r} ran)")
            )
            raise Crash
        if me.killed:
            return me.last_rites()
        me.why = why
        self._switch(me)
        return False

    def park(
        self, pred: Callable[[], bool], timeout: float | None, why: str, waiters: list[Task]
    ) -> bool:
        """Block the running task until it is woken with ``pred()`` true, or time is out.

        Whoever may have made ``pred`` true calls `wake` for each of ``waiters``.
        """
        me = self.current
        if me is None:
            raise SimError(f"{why}: would block, but only tasks may block")
        timer = None if timeout is None else self.after(timeout, lambda: self._expire(me))
        me.pred, me.why, me.expired = pred, why, False
        waiters.append(me)
        if me.runnable:
            me.runnable = False
            self._runnable.remove(me)
        try:
            self._switch(me)
        finally:
            me.pred = None
            waiters.remove(me)
            if timer is not None:
                timer.cancel()
        return not me.expired or pred()

    def wait_until(self, pred: Callable[[], bool], timeout: float | None = None) -> bool:
        """Block until ``pred()``, which is looked at before each step; for tests, not for seams."""
        if self.point("wait_until"):
            return False
        return pred() or self.park(pred, timeout, "wait_until", self._polled)

    def wake(self, task: Task) -> None:
        """Have the scheduler look at a blocked task again."""
        if not task.runnable and not task.done:
            task.runnable = True
            self._runnable.append(task)

    def _expire(self, task: Task) -> None:
        task.expired = True
        self.wake(task)

    # -- the scheduler -----------------------------------------------------------------------

    def _switch(self, me: Task) -> None:
        nxt = self._next(me)
        if nxt is not me:
            self.current = nxt
            (self._main if nxt is None else nxt.baton).release()
            me.baton.acquire()
        if me.killed:
            me.last_rites()

    def _start(self) -> bool:
        """Hand the baton to a task, from the test's thread."""
        self.current = self._next(None)
        if self.current is not None:
            self.current.baton.release()
        return self.current is not None

    def _next(self, me: Task | None) -> Task | None:
        """Pick who moves next; None gives the baton back to `run`."""
        self._busy = True
        try:
            self.steps += 1
            self.now += self.step_time
            if self.steps > self.max_steps:
                raise SimLivelock(f"{self.max_steps} steps taken; busiest: {self._trace.busiest()}")
            for check in self.invariants:
                check()
            task = self._choose(me)
        except BaseException as exc:
            self.fail(exc)
            return None
        finally:
            self._busy = False
        if task is not None:
            self.note(task.name, task.why)
        return task

    def _choose(self, me: Task | None) -> Task | None:
        rng, run, timers = self.rng.random, self._runnable, self._timers
        while not self._finished():
            if timers and timers[0][0] <= self.now + (self.lag if rng() < self.lag_p else 0.0):
                self._fire()
                continue
            for task in self._polled:
                if not task.runnable and task.pred is not None and task.pred():
                    self.wake(task)
            count = len(run)
            if not count:
                if not self._fire():
                    raise SimDeadlock("\n".join(["deadlock:", *living(self.tasks)]))
                continue
            if me is not None and me.runnable and rng() < self.stick:
                task = me
            else:
                task = run[int(rng() * count)]
                if self.frozen_p and self._is_frozen(task, rng):
                    continue
            if task.pred is None or task.expired or task.killed or task.pred():
                return task
            task.runnable = False
            run.remove(task)
        return None

    def _is_frozen(self, task: Task, rng: Callable[[], float]) -> bool:
        """Some seeds hold one task back for a stretch: stale knowledge shows."""
        frozen, until = self._frozen
        if task is frozen and self.steps < until and len(self._runnable) > 1:
            return True
        if rng() < self.frozen_p:
            self._frozen = (task, self.steps + int(rng() * 100))
        return False

    def _finished(self) -> bool:
        if self.error is not None:
            return True
        if self._until is not None:
            return bool(self._until())
        return not self._live or (self._leave_services and not self._apps)

    def fail(self, exc: BaseException) -> None:
        """Note the first failure; the run ends at the next point."""
        if self.error is None:
            exc.add_note(self.report())
            self.error = exc

    # -- from the test -----------------------------------------------------------------------

    def run(
        self, until: Callable[[], object] | None = None, *, leave_services: bool = False
    ) -> None:
        """Run until all tasks have ended, or ``until()`` holds (looked at before each step).

        With ``leave_services``, threads started by the code under test may be left over.
        May be called again.  Raises what the first failing task raised; if nothing is left that
        could happen before ``until()`` holds, that is a deadlock.
        """
        self._until, self._leave_services = until, leave_services
        # The moment of a garbage collection depends on all that this process did before.
        collects = gc.isenabled()
        gc.disable()
        cpus = pin(self.cpu)
        try:
            if self._start():
                Watchdog(self, self._main).wait()
        finally:
            pin(cpus)
            if collects:
                gc.enable()
        if self.error is not None:
            raise self.error

    def elapse(self, seconds: float) -> None:
        """Run for that much simulated time, whether or not there are tasks."""
        end = self.now + seconds
        self.after(seconds, lambda: None)
        self.run(until=lambda: self.now >= end)

    def close(self) -> None:
        """Kill what still runs.  Seam calls do nothing from here on, and never block."""
        if self.closed:
            return
        self.closed = True
        for task in self.tasks:
            if not task.done and task.ident not in self.stuck:
                task.killed = True
                self.current = task
                task.baton.release()
            task.thread.join(0.5 if task.ident in self.stuck else 5.0)
            if task.thread.is_alive() and self.error is None:
                raise SimHang("outlived its kill:" + living([task])[0])
        self.current = None
        self.invariants.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
