"""The I/O thread's timers."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import pytest

from zmqthread.reactor.loop import FAR, Loop
from zmqthread.reactor.seams import SYSTEM
from zmqthread.reactor.selector import READ
from zmqthread.reactor.timer import Timer


class Clock:
    """Seams whose clock shows what it is set to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now


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


def test_a_row_fires_in_order_and_at_once(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    fired: list[str] = []
    timers = [Timer(0.0, partial(fired.append, name)) for name in "abcd"]
    for timer in timers:
        loop.row.add(timer)
    timers[2].cancel()
    loop.turn([])
    assert not fired  # not before its time
    monkeypatch.setattr(loop, "seams", Clock(time.monotonic() + 2e-3))
    loop.turn([])
    assert fired == ["a", "b", "d"]


def test_who_joins_a_row_that_is_being_fired_is_in_the_next_one(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fired: list[int] = []

    def again(left: int) -> None:
        fired.append(left)
        if left:
            loop.row.add(Timer(0.0, partial(again, left - 1)))

    loop.row.add(Timer(0.0, partial(again, 3)))
    for turns in range(1, 5):
        monkeypatch.setattr(loop, "seams", Clock(time.monotonic() + turns * 2e-3))
        loop.turn([])
        assert len(fired) == turns
    assert fired == [3, 2, 1, 0]


def test_one_that_fails_does_not_keep_the_row_from_firing(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fired: list[int] = []
    loop.row.add(Timer(0.0, lambda: fired.append(1 // 0)))
    loop.row.add(Timer(0.0, lambda: fired.append(2)))
    monkeypatch.setattr(loop, "seams", Clock(time.monotonic() + 2e-3))
    loop.turn([])
    assert fired == [2]
    assert loop.errors == 1
    assert "ZeroDivisionError" in caplog.text


def test_what_is_ready_does_not_wait_for_a_long_row(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fired: list[int] = []
    for number in range(200):
        loop.row.add(Timer(0.0, partial(fired.append, number)))
    monkeypatch.setattr(loop, "seams", Clock(time.monotonic() + 2e-3))
    seen: list[int] = []
    for _ in range(10):
        loop.turn([(lambda _: seen.append(len(fired)), READ)])
    assert fired == list(range(200))
    assert max(later - sooner for sooner, later in pairwise(seen)) <= 64


@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_who_comes_while_others_are_forgotten_is_not_forgotten(
    moment: int, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fired: list[str] = []
    looks = 0

    class Line(deque[Timer]):
        """Somebody adds a timer just when it has been looked whether there is one."""

        def __len__(self) -> int:
            nonlocal looks
            found = super().__len__()
            looks += 1
            if looks == moment:
                loop.far.add(Timer(time.monotonic() + FAR, partial(fired.append, "new")))
            return found

    gone = Timer(0.0, partial(fired.append, "gone"))
    loop.far._gathered = Line()
    loop.far._gathered.append(gone)
    loop.far._await(0.0)
    gone.cancel()
    loop.far.forget_cancelled()
    assert looks >= moment
    monkeypatch.setattr(loop, "seams", Clock(time.monotonic() + 2 * FAR))
    for _ in range(3):
        loop.turn([])
    assert fired == ["new"]
