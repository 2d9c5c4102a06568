"""CLIENT: round-robin to all SERVERs, fair-queued from them, nothing added (RFC 41)."""

from __future__ import annotations

from zmqthread.patterns.halves import BalancedOut, FairIn
from zmqthread.patterns.one_frame import OneFrame


class Client(OneFrame, FairIn, BalancedOut):
    """Sends and receives in any order; with no peer that has room it waits."""
