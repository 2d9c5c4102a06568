"""Fixtures of the tests of contexts and sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.contexts import KeepingContext

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def context() -> Iterator[KeepingContext]:
    """Give a context whose sockets end with it."""
    made = KeepingContext()
    yield made
    made.destroy(linger=0)
    made.forget()
