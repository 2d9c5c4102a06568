"""Whole sockets under many schedules and faults: order, wholeness, no loss, no lost wake-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.sessions import editions, pairs, polls, requests, routes, watched
from tests.sessions.traffic import closing, express, lossless, lossy
from tests.sim.explore import explore
from tests.sim.kernel import Kernel
from zmqthread.api.socket import Socket

pytestmark = pytest.mark.slow

#: Every line of these may be interrupted: what crosses threads without a lock goes through them.
SHARED = (
    "zmqthread.pipes.lane",
    "zmqthread.pipes.pipe",
    "zmqthread.sessions.inproc",
    Socket.send.__module__,  # wherever the lock-free path of a call lives
    "zmqthread.api.driving",
    "zmqthread.api.pairing",
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


# -- the other types, all transports in one ---


def mixed(world: Callable[..., None]) -> Callable[[Kernel], None]:
    """In-process in two of three seeds, else over tcp."""
    return lambda kernel: world(kernel, transport="tcp" if kernel.seed % 3 == 2 else "inproc")


def worlds(*rows: tuple[Callable[..., None], Any]) -> Any:
    names = [f"{world.__module__.rpartition('.')[2]}-{world.__name__}" for world, *_ in rows]
    return pytest.mark.parametrize(("world", "seeds"), rows, ids=names)


@worlds(
    (requests.lossless, 16),
    (editions.lossless, 16),
    (routes.lossless, 16),
    (routes.moving, 16),
    (pairs.lossless, 16),
    (pairs.successors, 16),
    (polls.lossless, 12),
    (watched.alone, 12),
    (watched.shared, 16),
)
def test_no_type_loses_anything(world: Callable[..., None], seeds: int) -> None:
    explore(mixed(world), seeds)


@worlds(
    (requests.lossless, 4),
    (editions.lossless, 3),
    (routes.lossless, 3),
    (routes.moving, 4),
    (pairs.lossless, 4),
    (pairs.successors, 6),
    (polls.lossless, 3),
    (watched.alone, 3),
    (watched.shared, 6),
)
def test_no_type_loses_anything_wherever_a_thread_is_held_up(
    world: Callable[..., None], seeds: int
) -> None:
    explore(mixed(world), seeds, preempt=SHARED, preempt_p=0.05)


@worlds((requests.lossy, 8), (editions.lossy, 5), (routes.lossy, 6), (pairs.lossy, 8))
def test_every_type_goes_on_when_connections_break(
    world: Callable[[Kernel], None], seeds: int
) -> None:
    explore(world, seeds)


@worlds(
    (requests.closing, 20),
    (editions.closing, 16),
    (routes.closing, 30),
    (pairs.closing, 30),
    (polls.closing, 10),
)
def test_every_type_ends_whatever_it_is_in_the_middle_of(
    world: Callable[..., None], seeds: int
) -> None:
    explore(mixed(world), seeds)
