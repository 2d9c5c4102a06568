"""The I/O thread's timers."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from zmqthread.reactor.loop import Loop, Timer
from zmqthread.reactor.seams import SYSTEM


@pytest.fixture
def loop() -> Iterator[Loop]:
    """Give a loop that no thread runs."""
    made = Loop(SYSTEM, "test")
    yield made
    made.close()


@pytest.mark.parametrize("count", [1024, 16384])
def test_hostile_b9_timers_of_one_tick_cost_the_logarithm_of_their_number(
    count: int, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0
    before = Timer.__lt__

    def compare(one: Timer, other: Timer) -> bool:
        nonlocal compared
        compared += 1
        return before(one, other)

    monkeypatch.setattr(Timer, "__lt__", compare)
    fired: list[int] = []
    for number in range(count):
        loop.call_at(1.0, lambda number=number: fired.append(number))  # type: ignore[misc]
    loop.turn([])
    assert sorted(fired) == list(range(count))
    assert compared <= 3 * count * math.log2(count)


def test_a_timer_that_was_cancelled_does_nothing(loop: Loop) -> None:
    fired: list[str] = []
    timers = [loop.call_at(1.0, lambda name=name: fired.append(name)) for name in "abc"]  # type: ignore[misc]
    timers[1].cancel()
    loop.turn([])
    assert fired == ["a", "c"]


def test_timers_fire_in_the_order_of_their_times(loop: Loop) -> None:
    fired: list[float] = []
    for when in (0.3, 0.1, 0.2):
        loop.call_at(when, lambda when=when: fired.append(when))  # type: ignore[misc]
    loop.turn([])
    assert fired == [0.1, 0.2, 0.3]
