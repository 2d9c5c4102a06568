"""PUSH: round-robin over the PULLs with room (RFC 30)."""

from __future__ import annotations

from zmqthread.patterns.halves import BalancedOut


class Push(BalancedOut):
    """Sends only; with no peer that has room it waits."""
