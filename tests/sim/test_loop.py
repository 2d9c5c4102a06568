"""The production reactor, unchanged, in the simulation."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from tests.sim.explore import explore
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.net import SimNet
from tests.sim.seams import SimSeams
from zmqthread.reactor.loop import FAR, Loop
from zmqthread.reactor.timer import Timer


@pytest.mark.parametrize("edge", [False, True])
def test_the_io_thread_runs_unchanged_and_misses_no_call(edge):
    def world(kernel: Kernel) -> None:
        seams = SimSeams(SimNet(kernel, Faults.swarm(kernel.seed)), edge=edge)
        loop = Loop(seams, "io")
        done: list[tuple[int, int]] = []

        def app(number: int) -> None:
            for turn in range(4):
                loop.call(partial(done.append, (number, turn)))
                when = seams.monotonic() + 0.01
                loop.call_at(when, partial(done.append, (number, 10 + turn)))
            assert kernel.wait_until(lambda: sum(n == number for n, _ in done) == 8, 1.0)

        def main() -> None:
            loop.start(lambda: None)
            tasks = [kernel.spawn(partial(app, n), f"app{n}") for n in range(2)]
            kernel.wait_until(lambda: all(task.done for task in tasks))
            loop.stop()
            loop.join()
            loop.close()

        kernel.spawn(main, "main")
        kernel.run()
        assert loop.errors == 0
        assert [turn for n, turn in done if n == 0 and turn < 10] == [0, 1, 2, 3]

    explore(world, 25, preempt=["zmqthread.reactor.loop"], preempt_p=0.02)


def test_timers_that_wait_in_the_crowd_fire_in_time_and_wake_nobody_once_cancelled() -> None:
    def world(kernel: Kernel) -> None:
        seams = SimSeams(SimNet(kernel), edge=True)
        loop = Loop(seams, "io")
        rng = kernel.rng
        late: list[float] = []
        fired: Counter[str] = Counter()

        def soon() -> float:
            """Return the time until just before, or just after, the next row is let go."""
            left = 2e-3 - kernel.now % 2e-3
            return max(0.0, left + rng.uniform(-4e-5, 4e-5))

        def fire(kind: str, when: float) -> None:
            fired[kind] += 1
            late.append(kernel.now - when)

        def app(number: int) -> None:
            for _ in range(10):
                kernel.sleep(rng.choice((0.0, 0.0, 1e-5, 1e-3, 10.0, *[soon()] * 5)))
                when = kernel.now + rng.choice((FAR, 11.0, 25.0))
                far = Timer(when, partial(fire, "far", when))
                loop.far.add(far)
                loop.row.add(Timer(0.0, partial(fire, "row", kernel.now)))
                if rng.random() < 0.6:
                    kernel.sleep(rng.choice((0.0, 1e-5, soon())))
                    far.cancel()
                    fired["far"] += 1

        def main() -> None:
            loop.start(lambda: None)
            tasks = [kernel.spawn(partial(app, n), f"app{n}") for n in range(3)]
            everything = {"far": 30, "row": 30}
            assert kernel.wait_until(
                lambda: all(task.done for task in tasks) and fired == everything, 120.0
            ), fired
            kernel.sleep(FAR)
            steps = kernel.steps
            kernel.sleep(120.0)
            assert kernel.steps - steps <= 2, "the I/O thread woke up with nothing to do"
            assert min(late) >= -1e-9, min(late)
            assert max(late) <= 0.1, max(late)
            assert fired == everything
            loop.stop()
            loop.join()
            loop.close()

        kernel.spawn(main, "main")
        kernel.run()
        assert loop.errors == 0

    modules = ["zmqthread.reactor.loop", "zmqthread.reactor.gathering"]
    explore(world, 300, preempt=modules, preempt_p=0.3)


def test_the_io_thread_is_not_woken_for_what_it_has_cancelled_itself() -> None:
    def world(kernel: Kernel) -> None:
        loop = Loop(SimSeams(SimNet(kernel)), "io")

        def begin_and_end() -> None:
            far = Timer(kernel.now + 30.0, lambda: None)
            loop.far.add(far)
            far.cancel()

        def main() -> None:
            loop.start(lambda: None)
            for _ in range(3):
                loop.call(begin_and_end)
                kernel.sleep(0.1)
                steps = kernel.steps
                kernel.sleep(60.0)
                assert kernel.steps - steps <= 2
            loop.stop()
            loop.join()
            loop.close()

        kernel.spawn(main, "main")
        kernel.run()

    explore(world, 10)
