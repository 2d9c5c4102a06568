"""Fixtures of the flat API's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.capi.support import World
from zmqthread import capi as z

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _settled() -> None:
    """Have opened what a thread opens once: it keeps what it sleeps on."""
    z.zmq_poll([], 0, 0)


@pytest.fixture
def c() -> Iterator[World]:
    """Give a context, and close what was made in it."""
    world = World()
    yield world
    world.end()
