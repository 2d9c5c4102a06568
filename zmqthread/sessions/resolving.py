"""Host names are looked up away from the reactor, and what was found is kept for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zmqthread.reactor.resolver import Offloader
from zmqthread.transports.resolve import Lookups

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.reactor.seams import Seams


class NameService:
    """The look-ups of one context.  Its lock is a leaf: nothing is called while it is held."""

    def __init__(self, seams: Seams) -> None:
        self._seams = seams
        self._lock = seams.lock()
        self._lookups = Lookups()
        self._offloader = Offloader(seams)

    def resolve(
        self, transport: Any, endpoint: Any, options: Options, done: Callable[[Any], None]
    ) -> None:
        """Call ``done`` with the addresses or an OSError: at once if known, else later."""
        key = (endpoint, options.ipv6)
        try:
            with self._lock:
                known = self._lookups.take(key, self._seams.monotonic())
        except OSError as error:
            done(error)
            return
        if known is not None:
            done(known)
            return
        options = options.copy()
        self._offloader.submit(
            lambda: transport.resolve(endpoint, options),
            lambda found, error: done(self._note(key, found, error)),
        )

    def _note(self, key: Any, found: Any, error: Exception | None) -> Any:
        """Keep a result and return what the next attempt gets of it."""
        with self._lock:
            now = self._seams.monotonic()
            if error is None:
                self._lookups.found(key, found, now)
                return self._lookups.take(key, now)
            failure = error if isinstance(error, OSError) else OSError(str(error))
            self._lookups.failed(key, failure, now)
            return failure

    def close(self) -> None:
        """Forget what has not begun."""
        self._offloader.close()
