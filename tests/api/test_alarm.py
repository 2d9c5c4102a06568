"""Alarms: timers that fire with the lock of their socket held."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from zmqthread.api.alarm import Alarm


class Owner:
    """What an alarm needs of a socket."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.released = False
        self.told = 0

    def notify(self) -> None:
        self.told += 1


def alarm(owner: Any) -> tuple[Alarm, list[bool]]:
    """Return an alarm, and what it writes down: whether the lock was held when it fired."""
    fired: list[bool] = []
    return Alarm(0.0, lambda: fired.append(owner.lock._is_owned()), owner), fired


def test_an_alarm_calls_with_the_lock_held_and_tells_those_who_wait() -> None:
    owner = Owner()
    it, fired = alarm(owner)
    it.fire()
    assert (fired, owner.told) == ([True], 1)


@pytest.mark.parametrize("how", ["cancelled", "released"])
def test_an_alarm_that_waits_for_the_lock_may_still_be_taken_back(how: str) -> None:
    owner = Owner()
    it, fired = alarm(owner)
    with owner.lock:
        thread = threading.Thread(target=it.fire)
        thread.start()
        if how == "cancelled":
            it.cancel()
        else:
            owner.released = True
    thread.join()
    assert (fired, owner.told) == ([], 0)


def test_an_alarm_can_be_compared_as_any_timer() -> None:
    owner = Owner()
    assert Alarm(1.0, owner.notify, owner) < Alarm(2.0, owner.notify, owner)  # type: ignore[arg-type]
