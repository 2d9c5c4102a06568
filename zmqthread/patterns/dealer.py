"""DEALER: round-robin out, fair-queued in, nothing added (RFC 28)."""

from __future__ import annotations

from zmqthread.patterns.halves import BalancedOut, FairIn
from zmqthread.pipes.pipe import Pipe


class Dealer(FairIn, BalancedOut):
    """Sends and receives in any order; with no peer that has room it waits."""

    def attach(self, pipe: Pipe) -> None:
        super().attach(pipe)
        if self.options.probe_router:
            pipe.force(b"")
