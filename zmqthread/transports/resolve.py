"""What the last look-ups of names said: addresses in turn, failures held back for a while."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from zmqthread.transports.interface import Target

#: Seconds. The resolver does not tell how long its answer holds.
KEEP = 30.0
#: Seconds before a name that did not resolve is asked for again: doubled each time, up to the last.
FIRST_HOLD = 0.5
LAST_HOLD = 30.0


@dataclass(slots=True)
class _Entry:
    targets: list[Target] = field(default_factory=list)
    #: How many of them an attempt has begun with.
    used: int = 0
    #: The arguments of the OSError to raise.
    error: tuple[int | None, str | None] | None = None
    failures: int = 0
    #: When what is known here is out of date.
    until: float = 0.0


class Lookups:
    """The results of look-ups by name (or any key). No clock and no lock: the caller has both."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}

    def take(self, key: Hashable, now: float) -> list[Target] | None:
        """Return the addresses for the next attempt, or None if the name has to be looked up.

        Each attempt begins with another address; when each has had its turn, or with time, the
        name is looked up again, since the addresses may be others by now.

        Raises:
            OSError: the last look-up failed, and it is too early to try again.
        """
        entry = self._entries.get(key)
        if entry is None or now >= entry.until:
            return None
        if entry.error is not None:
            # A new one each time: an exception gathers a traceback whenever it is raised.
            raise OSError(*entry.error)
        first = entry.used
        if first == len(entry.targets):
            return None
        entry.used += 1
        return entry.targets[first:] + entry.targets[:first]

    def found(self, key: Hashable, targets: Sequence[Target], now: float) -> None:
        """Note the addresses of a name."""
        self._entries[key] = _Entry(list(targets), until=now + KEEP)

    def failed(self, key: Hashable, error: OSError, now: float) -> float:
        """Note that a name did not resolve; return the seconds until it may be asked for again."""
        entry = self._entries.get(key)
        failures = entry.failures if entry is not None else 0
        # The exponent is bounded so that it stays a float after any number of failures.
        hold = min(FIRST_HOLD * 2.0 ** min(failures, 16), LAST_HOLD)
        self._entries[key] = _Entry(
            error=(error.errno, error.strerror), failures=failures + 1, until=now + hold
        )
        return hold

    def forget(self, key: Hashable) -> None:
        """Drop what is known of a name that nobody connects to any more."""
        self._entries.pop(key, None)
