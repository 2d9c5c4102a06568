"""pyzmq's ``zmq.utils.win32``, which programs for several systems import everywhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Self

__all__ = ["allow_interrupt"]


class allow_interrupt:  # noqa: N801 - pyzmq's name
    """Lets Ctrl-C through to a blocking call, which needs help on Windows only.

    Args:
        action: on Windows, what ends the call; elsewhere signals end it, and nobody is asked.

    Raises:
        NotImplementedError: on Windows, for which zmqthread is not made yet.
    """

    def __init__(self, action: Callable[[], Any] | None = None) -> None:
        if sys.platform == "win32":
            raise NotImplementedError("zmqthread does not support Windows yet")
        self.action = action

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass
