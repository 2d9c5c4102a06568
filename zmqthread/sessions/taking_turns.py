"""Connections whose encryption the threads of a process do in turn."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from zmqthread.reactor import originals
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.decoder import Input
from zmqthread.wire.zmtp.frames import Buffer, Message

#: So many messages are a batch of small ones: what is large is given out a few at a time.
_MANY: Final = 8


class TakingTurns(Connection):
    """A connection that closes or opens a batch of small boxes while no other one does.

    The cryptographic library lets go of the interpreter for each box, and to get it back from a
    thread that does the same takes longer than a box: 13.0 us a message became 10.8.  Large frames,
    which are worth two processors, and handshakes do not come this way.
    """

    __slots__ = ()

    def encode(self, messages: Sequence[Message]) -> list[Buffer]:
        """See `Connection.encode`."""
        if len(messages) < _MANY:
            return super().encode(messages)
        with _turn.lock:
            return super().encode(messages)

    def receive(self, data: Input, limit: int, now: float) -> list[Any]:
        """See `Connection.receive`."""
        if not self.established:
            return super().receive(data, limit, now)
        with _turn.lock:
            return super().receive(data, limit, now)


class _Turn:
    """The process's: contexts share the interpreter, too."""

    __slots__ = ("lock",)

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forget who has the lock: in a forked child that thread does not exist."""
        self.lock = originals.RLock()


_turn = _Turn()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_turn.renew)
