"""GATHER: fair-queued from all SCATTERs (RFC 49)."""

from __future__ import annotations

from zmqthread.patterns.halves import FairIn


class Gather(FairIn):
    """Receives only."""
