"""Fixtures of the flat API's tests."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.capi.support import TCP, World
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


@pytest.fixture(params=["", TCP], ids=["inproc", "tcp"])
def endpoint(request: pytest.FixtureRequest) -> str:
    """Give what to bind to within the process, and over a network."""
    return str(request.param)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Give a directory for ipc, for which the path of tmp_path is too long."""
    with tempfile.TemporaryDirectory(prefix="zt") as path:
        yield Path(path)
