"""Fixtures of the tests of contexts and sockets."""

from __future__ import annotations

import pytest

from zmqthread.api.sleeping import give_back, take_sleeper
from zmqthread.reactor.seams import SYSTEM


@pytest.fixture(autouse=True, scope="session")
def the_threads_own_sleeper() -> None:
    """Make what a thread keeps for its waits before the first test counts descriptors."""
    give_back(take_sleeper(SYSTEM))
