"""SCATTER: round-robin over the GATHERs with room (RFC 49)."""

from __future__ import annotations

from zmqthread.patterns.halves import BalancedOut
from zmqthread.patterns.one_frame import OneFrame


class Scatter(OneFrame, BalancedOut):
    """Sends only; with no peer that has room it waits."""
