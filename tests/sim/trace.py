"""The trace of a simulated run: what moved when.  Its hash tells two runs apart."""

from __future__ import annotations

import hashlib
from collections import Counter

_KEPT = 4096


class Trace:
    """Hashed in blocks; the end is kept for reports."""

    def __init__(self) -> None:
        self._events: list[tuple[float, str, str]] = []
        self._hash = hashlib.sha256()

    def add(self, now: float, who: str, what: str) -> None:
        events = self._events
        events.append((now, who, what))
        if len(events) >= 2 * _KEPT:
            self._hash.update(repr(events[:_KEPT]).encode())
            del events[:_KEPT]

    @property
    def hash(self) -> str:
        whole = self._hash.copy()
        whole.update(repr(self._events).encode())
        return whole.hexdigest()[:16]

    def tail(self, count: int, started: float) -> list[str]:
        """The last events, one a line."""
        events = self._events[-count:]
        return [f"  {now - started:12.6f} {who}: {what}" for now, who, what in events]

    def busiest(self) -> str:
        """Who moved most of late: the suspects of a livelock."""
        moves = Counter(f"{who}: {what}" for _, who, what in self._events)
        return ", ".join(f"{what} ×{count}" for what, count in moves.most_common(4))
