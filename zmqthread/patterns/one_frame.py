"""Sending messages of one frame only."""

from __future__ import annotations

from typing import Any, NoReturn

from zmqthread.constants import EINVAL
from zmqthread.errors import zmq_error
from zmqthread.patterns.pattern import Pattern


class OneFrame(Pattern):
    """A type that any number of threads could use from the beginning, thanks to that (T02)."""

    def begin(self, frame: Any) -> NoReturn:
        """Refuse a frame that is not the only one."""
        raise zmq_error(EINVAL, f"{self.options.type_name} sockets send single frames only")
