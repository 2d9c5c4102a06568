"""Fixtures of every test: nothing may be left behind, and time has one scaled unit."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT, give_ports_back, seconds
from zmqthread.api.sleeping import give_back, take_sleeper
from zmqthread.reactor.seams import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DESCRIPTORS = "/proc/self/fd"
# The interpreter and hypothesis open these once, at a moment of their own choosing, and keep them.
KEPT_OPEN = frozenset({"/dev/urandom", "/dev/random", "/dev/null"})
GRACE = 2.0  # unscaled seconds for a thread that was told to end, or a peer's close to arrive

try:
    from hypothesis import HealthCheck, settings
except ModuleNotFoundError:  # not every environment has all that some tests need
    pass
else:
    # How long an example takes says how busy the machine is, not whether the code is right.
    settings.register_profile(
        "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("any machine")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores it, and so would every child that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Scale the time that each test has, before pytest-timeout looks for it."""
    given = config.getoption("timeout", None) is not None or "PYTEST_TIMEOUT" in os.environ
    # With another directory's settings there is none.
    if not given and (timeout := config.getini("timeout")):
        config.option.timeout = seconds(float(timeout))


def open_descriptors() -> set[tuple[int, str]]:
    """Return (number, target) of each open descriptor; empty where the system cannot tell."""
    found: set[tuple[int, str]] = set()
    try:
        numbers = os.listdir(DESCRIPTORS)
    except FileNotFoundError:
        return found
    for number in numbers:
        try:
            target = os.readlink(f"{DESCRIPTORS}/{number}")
        except FileNotFoundError:
            continue  # the descriptor of this very listing
        if target not in KEPT_OPEN:
            found.add((int(number), target))
    return found


def leftovers(threads: set[threading.Thread], descriptors: set[tuple[int, str]]) -> list[str]:
    """Name what is alive now and was not before."""
    names = [f"thread {t.name}" for t in threading.enumerate() if t not in threads]
    names += [f"descriptor {n} ({what})" for n, what in sorted(open_descriptors() - descriptors)]
    return names


def visible_files() -> set[str]:
    """Return what is in the project's directory; caches are hidden."""
    return {name for name in os.listdir(ROOT) if not name.startswith((".", "__"))}


@pytest.fixture(autouse=True, scope="session")
def the_threads_own_sleeper() -> None:
    """Make what a thread keeps for its waits before the first test counts descriptors."""
    give_back(take_sleeper(SYSTEM))


@pytest.fixture(autouse=True)
def leaves_nothing() -> Iterator[None]:
    """Fail a test that leaves a thread, a descriptor or a file in the project behind."""
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    files = visible_files()
    yield
    give_ports_back()
    if new := visible_files() - files:
        pytest.fail(f"left in {ROOT}: {', '.join(sorted(new))}", pytrace=False)
    deadline = time.monotonic() + seconds(GRACE)
    # Collecting costs milliseconds, so it is done only for a test that is under suspicion.
    while (left := leftovers(threads, descriptors)) and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.005)
    if left:
        pytest.fail("left behind: " + ", ".join(left), pytrace=False)


@pytest.fixture
def unit() -> Callable[[float], float]:
    """Scale seconds for a slow machine: every time-out and wait of a test goes through here."""
    return seconds
