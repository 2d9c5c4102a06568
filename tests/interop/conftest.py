"""What the tests against libzmq share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zmqthread
from tests.interop.remote import RemoteLibrary
from tests.interop.world import World
from tools.draft_peer import COMMAND, find

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _settled() -> None:
    """Have opened what either library opens once: a thread keeps what it sleeps on."""
    libzmq = pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    for module in (zmqthread, libzmq):
        context = module.Context()
        with context, context.socket(module.PULL) as one, context.socket(module.PULL) as two:
            module.select([one, two], [], [], 0.001)


@pytest.fixture
def world() -> Iterator[World]:
    """Give sockets of both libraries, which end with the test."""
    libzmq = pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    directory = Path(tempfile.mkdtemp(prefix="zt"))  # tmp_path is too long for an ipc endpoint
    try:
        with World(libzmq, directory) as made:
            yield made
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def drafts() -> Iterator[RemoteLibrary]:
    """Give a libzmq that has its draft types, in a process of its own."""
    python = find()
    if python is None:
        pytest.skip(f"there is no libzmq with drafts: {COMMAND} provides one")
    library = RemoteLibrary(python)
    yield library
    library.close()


@pytest.fixture
def draft_world(drafts: RemoteLibrary) -> Iterator[World]:
    """Give sockets of zmqthread here, and of a libzmq with drafts elsewhere."""
    with (
        tempfile.TemporaryDirectory(prefix="zt") as directory,
        World(drafts, Path(directory)) as made,
    ):
        yield made


@pytest.fixture(params=["inproc", "tcp"])
def transport(request: pytest.FixtureRequest) -> str:
    """Give the two transports that take different ways through the library."""
    return str(request.param)
