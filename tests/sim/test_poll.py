"""Selectors and wakers of the simulation."""

from __future__ import annotations

import pytest

from tests.sim.explore import explore
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.net import SimNet
from tests.sim.seams import SimSeams
from zmqthread.reactor.selector import EDGE, READ


@pytest.fixture
def kernel():
    with Kernel(1) as kernel:
        yield kernel


def test_a_nested_selector_is_readable_while_something_in_it_is(kernel):
    seams = SimSeams(SimNet(kernel))
    outer, inner, waker = seams.selector(), seams.selector(), seams.waker()
    outer.register(inner, READ, "inner")
    inner.register(waker, READ, "waker")
    assert outer.select(0) == []
    waker.ring()
    assert outer.select(0) == outer.select(0) == [("inner", READ)]
    assert inner.select(0) == inner.select(0) == [("waker", READ)]
    outer.modify(inner, 0, "inner")
    assert outer.select(0) == []
    outer.modify(inner, READ, "again")
    assert outer.select(0) == [("again", READ)]
    waker.drain()
    assert outer.select(0) == inner.select(0) == []
    with pytest.raises(OSError, match=r"(?i)loop|too many"):
        inner.register(outer, READ, None)


def test_edge_mode_reports_each_ring_once_to_one_reader(kernel):
    seams = SimSeams(SimNet(kernel), edge=True)
    outer, inner, waker = seams.selector(), seams.selector(), seams.waker()
    outer.register(inner, READ, "inner")
    inner.register(waker, READ | EDGE, "waker")
    for _ in range(2):
        waker.ring()
        assert outer.select(0) == outer.select(0) == [("inner", READ)]
        assert inner.select(0) == [("waker", READ)]
        waker.drain()
        assert inner.select(0) == outer.select(0) == []


def test_a_signal_is_readable_from_set_to_clear(kernel):
    seams = SimSeams(SimNet(kernel))
    selector, signal = seams.selector(), seams.signal()
    selector.register(signal, READ, "signal")
    for _ in range(2):
        signal.set()
        assert selector.select(0) == [("signal", READ)]
        signal.clear()
        assert selector.select(0) == []
    signal.close()
    assert signal.fileno() == -1


def test_without_nesting_there_is_no_descriptor_but_a_flat_selector_knows_its_children(kernel):
    seams = SimSeams(SimNet(kernel), nested=False, edge=True)
    assert not seams.edge
    outer, inner, signal = seams.selector(), seams.selector(), seams.signal()
    assert inner.fileno() == -1
    outer.register(inner, READ, "inner")
    inner.register(signal, READ, "signal")
    assert outer.select(0) == []
    signal.set()
    assert outer.select(0) == [("inner", READ)]
    assert inner.select(0) == [("signal", READ)]
    with pytest.raises(ValueError, match="descriptor"):
        outer.register(inner.fileno(), READ, None)


def test_changes_from_another_thread_reach_a_blocked_select():
    def world(kernel: Kernel) -> None:
        seams = SimSeams(SimNet(kernel))
        selector, early, late = seams.selector(), seams.waker(), seams.waker()
        early.ring()
        late.ring()
        selector.register(early, 0, "early")
        seen: list[tuple[str, int]] = []

        def waiter() -> None:
            while len(seen) < 1 or seen[-1] == ("early", READ):
                seen.extend(selector.select(None))

        def changer() -> None:
            kernel.wait_until(lambda: not kernel.tasks[0].runnable)
            selector.modify(early, READ, "early")
            kernel.wait_until(lambda: len(seen) > 0)
            selector.unregister(early)
            selector.register(late.fileno(), READ, "late")

        kernel.spawn(waiter, "waiter")
        kernel.spawn(changer, "changer")
        kernel.run()
        assert seen[0] == ("early", READ)
        assert seen[-1] == ("late", READ)

    explore(world, 20)


def test_select_times_out_in_simulated_time(kernel):
    seams = SimSeams(SimNet(kernel))

    def wait() -> None:
        begun = seams.monotonic()
        assert seams.selector().select(2.5) == []
        assert seams.monotonic() - begun == pytest.approx(2.5, abs=0.01)
        with pytest.raises(ValueError, match="wait of -1"):
            seams.selector().select(-1)

    kernel.spawn(wait, "waiter")
    kernel.run()


def test_a_closed_descriptor_leaves_its_selectors_and_is_used_again(kernel):
    seams = SimSeams(SimNet(kernel))
    selector, waker = seams.selector(), seams.waker()
    number = waker.fileno()
    waker.ring()
    selector.register(waker, READ, "waker")
    with pytest.raises(FileExistsError):
        selector.register(waker, READ, "waker")
    waker.close()
    waker.ring()
    assert selector.select(0) == []
    selector.unregister(number)
    assert seams.waker().fileno() == number
    with pytest.raises(KeyError):
        selector.modify(waker, READ, None)
    selector.close()
    with pytest.raises(ValueError, match="closed"):
        selector.select(0)


def test_partial_lists_leave_nobody_out_for_ever():
    def world(kernel: Kernel) -> None:
        seams = SimSeams(SimNet(kernel, Faults(partial=0.9, shuffle=1.0, spurious=0.3)))
        selector = seams.selector()
        left = set(range(6))
        wakers = {}
        for number in left:
            wakers[number] = seams.waker()
            selector.register(wakers[number], READ, number)
            wakers[number].ring()

        def serve() -> None:
            while left:
                ready = selector.select(None)
                assert ready
                for number, _ in ready:
                    wakers[number].drain()
                    left.discard(number)

        kernel.spawn(serve, "server")
        kernel.run()

    result = explore(world, 20)
    assert result.sometimes["partial ready list"]
    assert result.sometimes["spurious readiness"]
