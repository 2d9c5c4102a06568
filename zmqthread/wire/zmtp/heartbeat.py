"""Heartbeats (RFC 37, "Connection Heartbeating"): when to ping, and when a peer counts as dead."""

from __future__ import annotations

from zmqthread.wire.failures import HeartbeatTimeout
from zmqthread.wire.limits import Heartbeat

# PINGs sent without a sign of life in between (Z53); then we only wait.
UNANSWERED_MAX = 3


class Pulse:
    """The clockwork of one connection. Times are what the caller passes as `now`, in seconds."""

    __slots__ = ("_next", "_peer_ttl", "_seen", "_settings", "_since", "_unanswered")

    def __init__(self, settings: Heartbeat, now: float) -> None:
        self._settings = settings
        self._next = now + settings.interval
        self._since: float | None = None  # the first PING that nothing has followed
        self._unanswered = 0
        self._seen = now
        self._peer_ttl = 0.0

    def life(self, now: float) -> None:
        """Note that the peer sent something; anything counts (Z52)."""
        self._seen = now
        self._since = None
        self._unanswered = 0

    def peer_ttl(self, ttl: float) -> None:
        """Take how long the peer asked us to wait for it, 0 for no limit."""
        self._peer_ttl = ttl

    def _silence_ends(self) -> float | None:
        """When the peer counts as dead, if nothing comes."""
        patience = self._settings.patience
        ends = None if self._since is None or patience <= 0 else self._since + patience
        if self._peer_ttl > 0:
            lapses = self._seen + self._peer_ttl
            ends = lapses if ends is None else min(ends, lapses)
        return ends

    def next_timer(self) -> float | None:
        """When `tick` has something to do."""
        ends = self._silence_ends()
        if self._settings.interval <= 0:
            return ends
        return self._next if ends is None else min(ends, self._next)

    def tick(self, now: float) -> bool:
        """Do what is due; return whether to send a PING.

        Raises:
            HeartbeatTimeout: the peer has been silent for too long.
        """
        ends = self._silence_ends()
        if ends is not None and now >= ends:
            raise HeartbeatTimeout("no sign of life from the peer")
        interval = self._settings.interval
        if interval <= 0 or now < self._next:
            return False
        self._next = now + interval
        if self._unanswered >= UNANSWERED_MAX:
            return False
        self._unanswered += 1
        if self._since is None:
            self._since = now
        return True
