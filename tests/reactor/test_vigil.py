"""Waits that begin awake: when, for how long, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from zmqthread.api.sleeping import Sleeper
from zmqthread.reactor.seams import SYSTEM, Seams
from zmqthread.reactor.vigil import Vigil

PATIENCE = 1.0
FOUND = [("something", 1)]


class Clock(Seams):
    """Time that passes in waits; what is waited for comes at a given time."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.now = 0.0
        self.monotonic = lambda: self.now
        self.comes = 0.0
        self.asked: list[float | None] = []
        self.gave_way = 0

    def give_way(self) -> None:
        self.gave_way += 1
        self.now += 0.125

    def select(self, timeout: float | None) -> list[tuple[Any, int]]:
        self.asked.append(timeout)
        if self.now < self.comes:
            if timeout is not None and self.now + timeout < self.comes:
                self.now += timeout
                return []
            self.now = self.comes
        return FOUND


def wait(
    vigil: Vigil, clock: Clock, after: float, timeout: float | None = None, awake: bool = True
) -> list[float | None]:
    """Wait for what comes ``after`` some time; return what the selector was asked for."""
    clock.asked, clock.gave_way, clock.comes = [], 0, clock.now + after
    found = vigil.wait(clock.select, timeout, clock, awake=awake)
    assert found == (FOUND if timeout is None or after <= timeout else [])
    return clock.asked


def used_to(after: float) -> tuple[Vigil, Clock]:
    """Return a vigil whose waits have been of one length."""
    clock = Clock()
    vigil = Vigil(clock)
    for _ in range(50):
        wait(vigil, clock, after)
    return vigil, clock


def test_the_first_wait_sleeps():
    clock = Clock()
    assert wait(Vigil(clock), clock, 0.5) == [None]


def test_where_waits_are_short_the_next_one_stays_awake():
    vigil, clock = used_to(0.5)
    assert wait(vigil, clock, 0.5) == [0] * 5
    assert clock.gave_way == 4


def test_it_stays_awake_for_twice_its_patience_and_then_sleeps():
    vigil, clock = used_to(0.5)
    assert wait(vigil, clock, 10.0) == [*[0] * 16, None]


@pytest.mark.parametrize(("timeout", "left"), [(0.5, 0.0), (0.3, 0.0), (5.0, 3.0)])
def test_a_timeout_counts_from_the_beginning(timeout: float, left: float) -> None:
    vigil, clock = used_to(0.5)
    began = clock.now
    *looks, last = wait(vigil, clock, 10.0, timeout)
    assert set(looks) == {0}
    assert last == left
    assert clock.now - began <= timeout + 0.125


def test_where_waits_are_long_it_sleeps_at_once():
    vigil, clock = used_to(10.0)
    assert wait(vigil, clock, 10.0) == [None]
    assert wait(vigil, clock, 0.1) == [None]  # one short wait proves nothing


def test_two_long_waits_end_the_habit():
    vigil, clock = used_to(0.25)
    assert len(wait(vigil, clock, 100.0)) > 1
    assert len(wait(vigil, clock, 100.0)) > 1
    assert wait(vigil, clock, 100.0) == [None]


def test_without_patience_or_where_it_must_not_it_sleeps_at_once():
    vigil, clock = used_to(0.5)
    assert wait(vigil, clock, 0.5, awake=False) == [None]
    clock.patience = 0.0
    assert wait(vigil, clock, 0.5, 3.0) == [3.0]


def test_the_system_lets_others_go_first():
    Seams().give_way()
    assert Seams.patience in {0.0, 250e-6}


def test_what_a_thread_is_rung_by_is_found_by_the_look_that_uses_the_ring_up():
    sleeper = Sleeper(SYSTEM)
    sleeper.waker.ring()
    assert sleeper.selector.select(0)
