"""PULL: fair-queued from all PUSHes (RFC 30)."""

from __future__ import annotations

from zmqthread.patterns.halves import FairIn


class Pull(FairIn):
    """Receives only."""
