"""What the tests against libzmq share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zmqthread
from tests.interop.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _settled() -> None:
    """Have opened what either library opens once: a thread keeps what it sleeps on."""
    libzmq = pytest.importorskip("zmq")
    for module in (zmqthread, libzmq):
        context = module.Context()
        with context, context.socket(module.PULL) as one, context.socket(module.PULL) as two:
            module.select([one, two], [], [], 0.001)


@pytest.fixture
def world() -> Iterator[World]:
    """Give sockets of both libraries, which end with the test."""
    libzmq = pytest.importorskip("zmq")
    directory = Path(tempfile.mkdtemp(prefix="zt"))  # tmp_path is too long for an ipc endpoint
    try:
        with World(libzmq, directory) as made:
            yield made
    finally:
        shutil.rmtree(directory)


@pytest.fixture(params=["inproc", "tcp"])
def transport(request: pytest.FixtureRequest) -> str:
    """Give the two transports that take different ways through the library."""
    return str(request.param)
