"""A timer of the I/O thread."""

from __future__ import annotations

from collections.abc import Callable


class Timer:
    """A call to come.  `cancel` may be called from any thread and lets go of the function."""

    __slots__ = ("call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Make the timer do nothing."""
        self.call = None

    def fire(self) -> None:
        """Make the call, in the I/O thread."""
        call = self.call
        if call is not None:
            call()

    def __lt__(self, other: Timer) -> bool:
        return self.when < other.when
