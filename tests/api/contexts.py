"""A context for tests, which closes what they made."""

from __future__ import annotations

from typing import Any, ClassVar

import zmqthread as zmq


class KeepingContext(zmq.Context):
    """Keeps its sockets, so that a test need not close each: the fixture destroys the context."""

    _kept: ClassVar[Any] = None

    def socket(self, *args: Any, **kwargs: Any) -> Any:
        made: zmq.Socket = super().socket(*args, **kwargs)
        type(self)._kept = [*(type(self)._kept or []), made]
        return made

    @classmethod
    def forget(cls) -> None:
        cls._kept = None
