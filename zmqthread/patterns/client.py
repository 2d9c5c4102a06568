"""CLIENT: round-robin to all SERVERs, fair-queued from them, nothing added (RFC 41)."""

from __future__ import annotations

from zmqthread.patterns.fair_queue import FairIn
from zmqthread.patterns.load_balancer import BalancedOut


class Client(FairIn, BalancedOut):
    """Sends and receives in any order; with no peer that has room it waits."""
