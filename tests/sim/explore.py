"""Run one world under many seeds, and say which one failed and how."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.sim.kernel import Kernel
from tests.sim.task import MACHINERY, SimError

MACHINERY.add(__file__)

World = Callable[[Kernel], object]


@dataclass
class Explored:
    """What a run over many seeds has seen."""

    seeds: int = 0
    steps: int = 0
    #: Simulated seconds.
    simulated: float = 0.0
    #: Real seconds.
    real: float = 0.0
    hashes: set[str] = field(default_factory=set)
    sometimes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.seeds} seeds, {self.simulated:.3f} simulated s, {self.steps} steps "
            f"({self.steps / self.real:.0f}/s), {len(self.hashes)} distinct traces, "
            f"{dict(self.sometimes)}"
        )


def run_seed(world: World, seed: int, **options: Any) -> Kernel:
    """Build the world for one seed, run it to its end, and return the closed kernel."""
    with Kernel(seed, **options) as kernel:
        try:
            world(kernel)
            if not all(task.done for task in kernel.tasks):
                kernel.run()
        except BaseException as exc:
            if kernel.error is not exc:
                exc.add_note(kernel.report())
            exc.add_note(f"again: ZMQTHREAD_SIM_SEED={seed}")
            raise
    return kernel


def explore(world: World, seeds: int | Iterable[int] = 50, **options: Any) -> Explored:
    """Run ``world(kernel)`` under each seed; the first failure is raised with its seed and trace.

    ``world`` spawns tasks and may call ``kernel.run`` itself.  The first seed runs twice: a trace
    that differs means that something undetermined (the order of a set, real time) leaks in.
    ZMQTHREAD_SIM_SEED picks one seed, ZMQTHREAD_SIM_FACTOR multiplies their number.
    """
    if isinstance(seeds, int):
        seeds = range(int(seeds * float(os.environ.get("ZMQTHREAD_SIM_FACTOR", "1"))))
    chosen = os.environ.get("ZMQTHREAD_SIM_SEED")
    if chosen is not None:
        seeds = [int(chosen)]
    result = Explored()
    begun = time.perf_counter()
    for seed in seeds:
        kernel = run_seed(world, seed, **options)
        if not result.seeds:
            again = run_seed(world, seed, **options)
            if again.trace_hash != kernel.trace_hash:
                raise SimError(f"seed {seed} runs differently each time")
        result.seeds += 1
        result.steps += kernel.steps
        result.simulated += kernel.now - kernel.started
        result.hashes.add(kernel.trace_hash)
        result.sometimes += kernel.sometimes
    result.real = time.perf_counter() - begun
    return result
