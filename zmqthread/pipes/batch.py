"""Messages on their way to several pipes at once."""

from __future__ import annotations

from typing import Any


class Batch:
    """Whole messages, in order; the first connection that encodes them does so for all others."""

    __slots__ = ("buffers", "messages")

    def __init__(self, messages: list[Any]) -> None:
        self.messages = messages
        #: What to write for them, where a connection changes nothing about it.
        self.buffers: list[Any] | None = None
