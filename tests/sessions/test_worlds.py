"""Whole sockets under many schedules and faults: order, wholeness, no loss, no lost wake-up."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from tests.sessions.traffic import closing, express, lossless, lossy
from tests.sim.explore import explore
from zmqthread.api.socket import Socket

#: Every line of these may be interrupted: what crosses threads without a lock goes through them.
SHARED = (
    "zmqthread.pipes.lane",
    "zmqthread.pipes.pipe",
    "zmqthread.sessions.inproc",
    Socket.send.__module__,  # wherever the lock-free path of a call lives
    "zmqthread.api.driving",
    "zmqthread.api.core",
    "zmqthread.api.hosting",
)


@pytest.mark.parametrize(("transport", "seeds"), [("inproc", 120), ("tcp", 40)])
def test_nothing_is_lost(transport: str, seeds: int) -> None:
    explore(partial(lossless, transport=transport), seeds)


def test_a_lane_loses_no_wake_up() -> None:
    """Each rule in the docstring of `pipes.lane`, left out, is missed within 120 of these seeds."""
    explore(express, 200, preempt=SHARED[:4], preempt_p=0.25)


@pytest.mark.parametrize(("transport", "seeds"), [("inproc", 50), ("tcp", 12)])
def test_nothing_is_lost_wherever_a_thread_is_held_up(transport: str, seeds: int) -> None:
    world = partial(lossless, transport=transport, count=8)
    explore(world, seeds, preempt=SHARED, preempt_p=0.05)


def test_traffic_goes_on_when_connections_break() -> None:
    seen = explore(lossy, [*range(20), 24, 133, 254, 541]).sometimes
    assert not {"reset", "messages lost", "window full"} - Counter(seen).keys()


@pytest.mark.parametrize(("transport", "seeds"), [("inproc", 100), ("tcp", 80)])
def test_everything_ends_whatever_it_is_in_the_middle_of(transport: str, seeds: int) -> None:
    explore(partial(closing, transport=transport), seeds)
