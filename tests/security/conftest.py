"""Fixtures of the security tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zmqthread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.security.worlds import Secured


@pytest.fixture(scope="session", autouse=True)
def _settled() -> None:
    """Have opened what is opened once: a thread keeps what it sleeps on."""
    with (
        zmqthread.Context() as context,
        context.socket(zmqthread.PULL) as one,
        context.socket(zmqthread.PULL) as another,
    ):
        zmqthread.select([one, another], [], [], 0.001)


@pytest.fixture
def world() -> Iterator[Secured]:
    """Give sockets that end with the test."""
    from tests.security.worlds import Secured

    with Secured() as made:
        yield made
