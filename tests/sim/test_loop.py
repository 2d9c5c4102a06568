"""The production reactor, unchanged, in the simulation."""

from __future__ import annotations

from functools import partial

import pytest

from tests.sim.explore import explore
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.net import SimNet
from tests.sim.seams import SimSeams
from zmqthread.reactor.loop import Loop


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
