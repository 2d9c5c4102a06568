"""Fixtures of the security tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.security.worlds import Secured


@pytest.fixture
def world() -> Iterator[Secured]:
    """Give sockets that end with the test."""
    from tests.security.worlds import Secured

    with Secured() as made:
        yield made
