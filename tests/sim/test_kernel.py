"""The simulated kernel itself: schedule, clock, locks, and what it reports."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from tests.sim.explore import explore, run_seed
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.net import SimNet
from tests.sim.seams import SimSeams
from tests.sim.support import Pair, drain, feed
from tests.sim.task import Crash, SimDeadlock, SimError, SimHang, SimLivelock
from zmqthread.reactor.selector import EDGE, READ


@pytest.fixture
def kernel():
    with Kernel(1) as kernel:
        yield kernel


# -- the schedule ----------------------------------------------------------------------------


class LostWakeUp:
    """A queue and a waker; the buggy program handles the sleeper's flag outside the lock."""

    def __init__(self, kernel: Kernel, *, buggy: bool, count: int = 30) -> None:
        seams = SimSeams(SimNet(kernel))
        self.kernel, self.buggy, self.count = kernel, buggy, count
        self.selector, self.waker, self.lock = seams.selector(), seams.waker(), seams.lock()
        self.selector.register(self.waker, READ | EDGE, "rung")
        self.queue: list[int] = []
        self.got: list[int] = []
        self.asleep = False

    def run(self) -> None:
        self.kernel.spawn(self.send, "sender")
        self.kernel.spawn(self.receive, "receiver")
        self.kernel.run()
        assert self.got == list(range(self.count))

    def send(self) -> None:
        for item in range(self.count):
            if self.put_buggy(item) if self.buggy else self.put(item):
                self.waker.ring()

    def put(self, item: int) -> bool:
        with self.lock:
            self.queue.append(item)
            wake, self.asleep = self.asleep, False
            return wake

    def put_buggy(self, item: int) -> bool:
        self.queue.append(item)
        self.kernel.point("gap")
        wake, self.asleep = self.asleep, False
        return wake

    def receive(self) -> None:
        while len(self.got) < self.count:
            self.waker.drain()
            while self.queue:
                self.got.append(self.queue.pop(0))
                self.kernel.point("got")
            if self.idle_buggy() if self.buggy else self.idle():
                self.selector.select(None)

    def idle(self) -> bool:
        with self.lock:
            self.asleep = not self.queue and len(self.got) < self.count
            return self.asleep

    def idle_buggy(self) -> bool:
        empty = not self.queue
        self.kernel.point("gap")
        self.asleep = empty
        return empty


def buggy(kernel: Kernel) -> None:
    LostWakeUp(kernel, buggy=True).run()


def mended(kernel: Kernel) -> None:
    LostWakeUp(kernel, buggy=False).run()


def deadlocks(seed: int) -> SimDeadlock | None:
    """The deadlock that the buggy program runs into under this seed."""
    try:
        run_seed(buggy, seed)
    except SimDeadlock as error:
        return error
    return None


def test_a_lost_wake_up_is_found_in_most_seeds():
    found = {seed: error for seed in range(60) if (error := deadlocks(seed)) is not None}
    assert len(found) > 45
    for seed, error in found.items():
        assert "'receiver' blocked in select at sim/test_kernel.py" in str(error)
        assert any(f"ZMQTHREAD_SIM_SEED={seed}" in note for note in error.__notes__)


def test_the_mended_program_passes_in_all_seeds():
    result = explore(mended, 100)
    assert result.seeds == len(result.hashes) == 100


def test_one_seed_one_trace_another_seed_another():
    def world(kernel: Kernel) -> None:
        pair = Pair(kernel, Faults.chaos())
        kernel.spawn(lambda: feed(pair.here, pair.near, b"x" * 3000), "writer")
        kernel.spawn(lambda: drain(pair.there, pair.far), "reader")
        kernel.run()

    hashes = [run_seed(world, seed).trace_hash for seed in (5, 5, 6)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_what_is_not_determined_is_noticed():
    numbers = iter(range(1000))

    def world(kernel: Kernel) -> None:
        kernel.spawn(lambda: kernel.note("clock", str(next(numbers))), "task")

    with pytest.raises(SimError, match="differently each time"):
        explore(world, 3)


def test_a_race_between_two_lines_is_found_by_line_pre_emption():
    class Account:
        balance = 0

        def deposit(self) -> None:
            for _ in range(5):
                balance = self.balance
                self.balance = balance + 1

    def world(kernel: Kernel) -> None:
        account = Account()
        for name in ("one", "two"):
            kernel.spawn(account.deposit, name)
        kernel.run()
        assert account.balance == 10

    explore(world, 10)
    with pytest.raises(AssertionError, match="assert"):
        explore(world, 10, preempt=[__name__], preempt_p=0.3)


def test_a_deadlock_names_who_holds_what(kernel):
    seams = SimSeams(SimNet(kernel))
    left, right = seams.lock(), seams.lock()
    meet = []

    def take(first, second):
        with first:
            meet.append(1)
            kernel.wait_until(lambda: len(meet) == 2)
            with second:
                pass

    kernel.spawn(lambda: take(left, right), "one")
    kernel.spawn(lambda: take(right, left), "two")
    with pytest.raises(SimDeadlock, match="'one' blocked in acquire of a lock held by 'two'"):
        kernel.run()


def test_endless_steps_and_endless_time_are_livelocks():
    def spin(kernel: Kernel) -> None:
        while True:
            kernel.point("spin")

    def tick(kernel: Kernel) -> None:
        while True:
            kernel.sleep(1.0)

    with Kernel(max_steps=500) as kernel:
        kernel.spawn(lambda: spin(kernel), "spinner")
        with pytest.raises(SimLivelock, match="spinner: spin"):
            kernel.run()
    with Kernel(max_time=100.0) as kernel:
        kernel.spawn(lambda: tick(kernel), "ticker")
        with pytest.raises(SimLivelock, match=r"100\.0 simulated seconds"):
            kernel.run()


def test_a_task_that_blocks_for_real_is_found():
    real = threading.Event()
    with Kernel(hang_after=0.2) as kernel:
        kernel.spawn(real.wait, "hanger")
        with pytest.raises(SimHang, match=r"'hanger' made no step .*\n  'hanger' at .* wait <"):
            kernel.run()
        real.set()


def test_a_task_that_spins_for_real_is_ended():
    def spin() -> None:
        while True:
            pass

    with Kernel(hang_after=0.2) as kernel:
        task = kernel.spawn(spin, "spinner")
        with pytest.raises(SimHang, match="'spinner' made no step"):
            kernel.run()
    assert not task.thread.is_alive()


def test_a_real_budget_ends_a_long_run():
    with Kernel(real_budget=0.1, max_steps=10**9) as kernel:

        def spin() -> None:
            while True:
                kernel.point("spin")

        kernel.spawn(spin, "spinner")
        with pytest.raises(SimHang, match=r"more than 0\.1 real seconds"):
            kernel.run()


def test_a_thread_outside_the_simulation_is_found(kernel):
    lock = SimSeams(SimNet(kernel)).lock()

    def work() -> None:
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()
        kernel.point("after")

    def intrude() -> None:
        with contextlib.suppress(Crash):
            lock.acquire()

    kernel.spawn(work, "worker")
    with pytest.raises(SimError, match="a thread that is no task"):
        kernel.run()


def test_the_failure_of_a_task_is_the_failure_of_the_run(kernel):
    def fail() -> None:
        raise ValueError("broken")

    kernel.spawn(fail, "failing")
    kernel.spawn(lambda: kernel.sleep(1e3), "other")
    with pytest.raises(ValueError, match="broken") as caught:
        kernel.run()
    assert any("'failing'" in note for note in caught.value.__notes__)


def test_an_invariant_is_checked_at_each_step(kernel):
    values: list[int] = []

    def check() -> None:
        assert sum(values) < 3, "too many"

    def work() -> None:
        for _ in range(5):
            values.append(1)
            kernel.point("step")

    kernel.invariants.append(check)
    kernel.spawn(work, "worker")
    with pytest.raises(AssertionError, match="too many"):
        kernel.run()
    assert len(values) == 3


def test_time_jumps_when_nobody_can_move(kernel):
    woken = []

    def sleeper(seconds: float) -> None:
        kernel.sleep(seconds)
        woken.append(seconds)

    for seconds in (300.0, 20.0, 1.0):
        kernel.spawn(lambda seconds=seconds: sleeper(seconds), "sleeper")
    begun = time.perf_counter()
    kernel.run()
    assert woken == [1.0, 20.0, 300.0]
    assert kernel.now - kernel.started == pytest.approx(300.0, abs=0.01)
    assert time.perf_counter() - begun < 5.0


def test_what_is_killed_ends_without_blocking(kernel):
    seams = SimSeams(SimNet(kernel))
    lock, selector = seams.lock(), seams.selector()
    trail: list[object] = []

    def holder() -> None:
        with lock:
            selector.select(None)

    def victim() -> None:
        try:
            try:
                kernel.sleep(1e6)
            except Exception:
                trail.append("swallowed")
        finally:
            with lock:
                trail.append(selector.select(None))
            thread.join()

    thread = seams.start_thread("holder", holder)
    kernel.run(until=lock.locked)
    kernel.spawn(victim, "victim")
    kernel.run(until=lambda: kernel.tasks[1].why == "sleep")
    kernel.close()
    assert trail == [[]]
    assert all(task.done for task in kernel.tasks)


# -- locks and threads -----------------------------------------------------------------------


def test_a_lock_excludes_and_times_out(kernel):
    seams = SimSeams(SimNet(kernel))
    lock = seams.lock()
    inside = []

    def worker() -> None:
        for _ in range(5):
            with lock:
                inside.append(1)
                kernel.point("inside")
                assert inside.pop() == 1
                assert not inside

    for name in ("one", "two", "three"):
        kernel.spawn(worker, name)
    kernel.run()
    with pytest.raises(RuntimeError, match="release unlocked lock"):
        lock.release()


def test_waits_for_locks_and_threads_time_out(kernel):
    seams = SimSeams(SimNet(kernel))
    lock = seams.lock()
    outcome: list[bool] = []

    def late() -> None:
        outcome.append(lock.acquire(blocking=False))
        outcome.append(lock.acquire(timeout=2.0))
        outcome.append(lock.acquire(timeout=20.0))

    def holder() -> None:
        with lock:
            thread = seams.start_thread("late", late)
            thread.join(1.0)
            assert thread.is_alive()
            kernel.sleep(4.0)
        thread.join()
        assert not thread.is_alive()

    kernel.spawn(holder, "holder")
    kernel.run()
    assert outcome == [False, False, True]


def test_the_locals_of_a_thread_go_before_the_next_task_moves(kernel):
    seams = SimSeams(SimNet(kernel))
    local = threading.local()

    class Owner:
        def __init__(self) -> None:
            self.waker = seams.waker()

        def __del__(self) -> None:
            self.waker.close()

    def work() -> None:
        local.owner = Owner()

    for name in ("one", "two"):
        kernel.spawn(work, name)
    kernel.run()
    assert seams.net.descriptors("main") == []


def test_threads_of_the_program_may_be_left_over_on_request(kernel):
    seams = SimSeams(SimNet(kernel))
    selector = seams.selector()
    kernel.spawn(lambda: seams.start_thread("io", lambda: selector.select(None)), "app")
    kernel.run(leave_services=True)
    assert [task.name for task in kernel.tasks if not task.done] == ["io"]
    with pytest.raises(SimDeadlock, match="'io' blocked in select"):
        kernel.run()


def test_it_is_fast_enough():
    """Figures on two busy processors: 40-70 k steps/s, 2-3 ms a world; the bar leaves room."""
    result = explore(mended, range(200, 260))
    assert result.steps / result.real > 3000, result


def test_a_cancelled_timer_that_is_due_does_not_make_time_jump():
    with Kernel(0) as kernel:
        kernel.after(1e-6, lambda: None).cancel()
        kernel.after(100.0, lambda: None)
        kernel.spawn(lambda: [kernel.point("work") for _ in range(50)], "worker")
        kernel.run()
        assert kernel.now - kernel.started < 1.0
