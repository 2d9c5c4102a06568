"""Timers: when they fire, and what handlers may do to them."""

from __future__ import annotations

import ctypes
import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zmqthread.api.timers import Timers
from zmqthread.errors import ZMQError

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """A clock that a test moves, in milliseconds."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> float:
        return self.now / 1000


class Fixture:
    """A set of timers that note when they fire."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.timers = Timers(self.clock)
        self.fired: list[tuple[int, object]] = []

    def add(self, interval: int, argument: object = None) -> int:
        return self.timers.add(interval, lambda *what: self.fired.append(what), argument)

    def after(self, milliseconds: int) -> list[tuple[int, object]]:
        """Return what fires when so much time has passed."""
        self.clock.now += milliseconds
        self.fired.clear()
        self.timers.execute()
        return self.fired[:]


@pytest.fixture
def bench() -> Fixture:
    return Fixture()


def test_ids_begin_at_one_and_are_not_used_again(bench):
    assert [bench.add(1), bench.add(1)] == [1, 2]
    bench.timers.cancel(2)
    assert bench.add(1) == 3


def test_without_timers_there_is_no_time_out(bench):
    assert bench.timers.timeout() == -1
    bench.timers.execute()
    bench.timers.cancel(bench.add(5))
    assert bench.timers.timeout() == -1


def test_the_time_out_is_that_of_the_first_timer(bench):
    bench.add(100)
    bench.add(30)
    assert bench.timers.timeout() == 30
    bench.clock.now += 20
    assert bench.timers.timeout() == 10
    bench.clock.now += 500
    assert bench.timers.timeout() == 0


def test_who_sleeps_for_the_time_out_finds_the_timer_due(bench):
    bench.add(100)
    for part in (0.0001, 0.0004, 0.0007, 0.00099):
        moment = bench.clock.now / 1000 + part
        now = [moment]
        timers = Timers(lambda now=now: now[0])  # type: ignore[misc]
        timers.add(7, lambda *what: bench.fired.append(what))
        now[0] += timers.timeout() / 1000
        assert timers.timeout() == 0
        timers.execute()
    assert len(bench.fired) == 4


def test_a_timer_fires_with_its_id_and_argument(bench):
    bench.add(10, "ten")
    assert bench.after(9) == []
    assert bench.after(1) == [(1, "ten")]
    assert bench.after(9) == []
    assert bench.after(1) == [(1, "ten")]


def test_missed_times_are_not_caught_up(bench):
    bench.add(10)
    assert bench.after(95) == [(1, None)]
    assert bench.after(0) == []
    assert bench.timers.timeout() == 10, "from the time of the call, not from the time missed"


def test_timers_fire_in_the_order_of_their_times(bench):
    bench.add(20)
    bench.add(10)
    bench.add(10)
    assert [identifier for identifier, _ in bench.after(50)] == [2, 3, 1]


def test_an_interval_of_zero_fires_once_in_each_call(bench):
    bench.add(0)
    assert bench.timers.timeout() == 0
    assert bench.after(0) == [(1, None)]
    assert bench.after(0) == [(1, None)]


def test_reset_begins_the_interval_anew(bench):
    bench.add(10)
    bench.clock.now += 8
    bench.timers.reset(1)
    assert bench.timers.timeout() == 10
    assert bench.after(9) == []
    assert bench.after(1) == [(1, None)]


def test_a_new_interval_counts_from_now(bench):
    bench.add(10)
    bench.clock.now += 8
    bench.timers.set_interval(1, 50)
    assert bench.timers.timeout() == 50
    assert bench.after(50) == [(1, None)]
    assert bench.timers.timeout() == 50


@pytest.mark.parametrize(
    "call",
    [
        lambda timers: timers.cancel(2),
        lambda timers: timers.reset(2),
        lambda timers: timers.set_interval(2, 5),
        lambda timers: timers.set_interval(1, -1),
        lambda timers: timers.add(-1, print),
    ],
    ids=["cancel", "reset", "set_interval", "negative", "negative at once"],
)
def test_unknown_timers_and_negative_intervals_are_refused(bench, call):
    bench.add(10)
    bench.timers.cancel(bench.add(10))
    with pytest.raises(ZMQError) as caught:
        call(bench.timers)
    assert caught.value.errno == errno.EINVAL
    assert bench.timers.timeout() == 10


# -- handlers that change timers ---


def test_a_handler_may_cancel_its_own_timer(bench):
    bench.timers.add(10, lambda identifier, _: bench.timers.cancel(identifier))
    bench.after(10)
    assert bench.timers.timeout() == -1


def test_a_timer_that_a_handler_cancels_does_not_fire(bench):
    bench.timers.add(10, lambda *_: bench.timers.cancel(2))
    bench.add(20)
    assert bench.after(30) == []


def test_a_timer_that_a_handler_puts_off_does_not_fire(bench):
    bench.timers.add(10, lambda *_: bench.timers.reset(2))
    bench.add(20)
    assert bench.after(30) == []
    bench.timers.cancel(1)
    assert bench.after(20) == [(2, None)]


def test_a_timer_that_a_handler_adds_fires_in_a_later_call(bench):
    once = bench.timers.add(10, lambda *_: bench.add(0))
    assert bench.after(10) == []
    bench.timers.cancel(once)
    assert bench.after(0) == [(2, None)]


def test_a_handler_may_change_its_own_interval(bench):
    bench.timers.add(10, lambda identifier, _: bench.timers.set_interval(identifier, 70))
    bench.after(10)
    assert bench.timers.timeout() == 70


def test_an_exception_of_a_handler_leaves_the_others_due(bench):
    bench.timers.add(10, lambda *_: 1 / 0)
    bench.add(20)
    bench.clock.now += 30
    with pytest.raises(ZeroDivisionError):
        bench.timers.execute()
    assert bench.after(0) == [(2, None)]


# -- the same calls to libzmq ---


@pytest.mark.interop
def test_the_same_calls_give_the_same_results_as_in_libzmq(bench):
    zmq = pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    found = list((Path(zmq.__file__).parent.parent / "pyzmq.libs").glob("libzmq*"))
    if not found:
        pytest.skip("pyzmq was not built with a library of its own")
    library = ctypes.CDLL(str(found[0]))
    library.zmq_timers_new.restype = ctypes.c_void_p
    library.zmq_timers_timeout.restype = ctypes.c_long
    theirs: list[int] = []
    ours: list[int] = []
    handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)(
        lambda identifier, _: theirs.append(identifier)
    )
    handle = ctypes.c_void_p(library.zmq_timers_new())
    try:
        calls: dict[str, Callable[..., int]] = {
            "timeout": lambda: library.zmq_timers_timeout(handle),
            "add": lambda ms: library.zmq_timers_add(handle, ctypes.c_size_t(ms), handler, None),
            "cancel": lambda timer: library.zmq_timers_cancel(handle, timer),
            "reset": lambda timer: library.zmq_timers_reset(handle, timer),
            "set_interval": lambda timer, ms: library.zmq_timers_set_interval(
                handle, timer, ctypes.c_size_t(ms)
            ),
            "execute": lambda: library.zmq_timers_execute(handle),
        }
        go_through(calls, theirs)
    finally:
        library.zmq_timers_destroy(ctypes.byref(handle))

    def status(call):
        def checked(*arguments):
            try:
                return call(*arguments) or 0
            except ZMQError:
                return -1

        return checked

    timers = Timers()
    names = ("timeout", "cancel", "reset", "set_interval", "execute")
    mine = {name: status(getattr(timers, name)) for name in names}
    mine["add"] = lambda ms: timers.add(ms, lambda identifier, _: ours.append(identifier))
    go_through(mine, ours)
    assert ours == theirs


def go_through(calls: dict[str, Callable[..., int]], seen: list[int]) -> None:
    """Make the calls and note what they return; handlers note ids in between."""
    for name, *arguments in (
        ("timeout",),
        ("add", 3_600_000),
        ("add", 1),
        ("cancel", 1),
        ("cancel", 1),
        ("reset", 7),
        ("set_interval", 7, 5),
        ("wait",),
        ("execute",),
        ("set_interval", 2, 3_600_000),
        ("execute",),
        ("add", 1),
        ("reset", 2),
        ("wait",),
        ("execute",),
        ("cancel", 2),
        ("cancel", 3),
        ("timeout",),
    ):
        if name == "wait":
            while calls["timeout"]():
                pass
        else:
            seen.append(calls[name](*arguments))
