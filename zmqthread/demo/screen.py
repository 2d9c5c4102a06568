"""What the demo shows: a table that is written over, or a line a second where it cannot be."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import deque

from zmqthread.demo.cast import CONVERSATIONS, received
from zmqthread.demo.crew import Crew

#: Seconds over which a rate is taken.
WINDOW = 1.0
ROW = "{:<11}{:<25}{:<9}{:>12}{:>12}"
HEADER = ROW.format("", "", "", "messages", "a second")


class Rates:
    """Turns counts into rates."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, list[int]]] = deque()

    def update(self, counts: list[int]) -> list[float]:
        """Return how much each has grown a second, lately."""
        now = time.monotonic()
        self._samples.append((now, counts))
        while len(self._samples) > 2 and now - self._samples[1][0] >= WINDOW:
            self._samples.popleft()
        then, before = self._samples[0]
        return rates(before, counts, now - then)


def rates(before: list[int], after: list[int], seconds: float) -> list[float]:
    """Return how much each count has grown a second."""
    return [(b - a) / seconds if seconds > 0 else 0.0 for a, b in zip(before, after, strict=True)]


def table(counts: list[int], speeds: list[float]) -> list[str]:
    """Return the lines of the table."""
    lines = [HEADER]
    for row, count, speed in zip(CONVERSATIONS, counts, speeds, strict=True):
        lines.append(
            ROW.format(row.name, row.pattern, row.transport, f"{count:,}", f"{speed:,.0f}")
        )
    return lines


def rewritable() -> bool:
    """Tell whether standard output is a terminal whose lines can be written over."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class Screen:
    """Shows how the demo gets on."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._rates = Rates()
        self._start = self._shown = time.monotonic()
        self._live = rewritable()
        self._drawn = 0

    def counts(self) -> list[int]:
        """Return the messages of each conversation."""
        return [received(self._crew, conversation) for conversation in CONVERSATIONS]

    def show(self) -> None:
        """Show the present state, if it is time to."""
        counts = self.counts()
        speeds = self._rates.update(counts)
        if self._live:
            self._draw(table(counts, speeds))
        elif time.monotonic() - self._shown >= 1.0:
            self._shown += 1.0
            told = ", ".join(
                f"{row.name} {count:,} ({speed:,.0f}/s)"
                for row, count, speed in zip(CONVERSATIONS, counts, speeds, strict=True)
            )
            print(f"{self._shown - self._start:4.0f} s  {told}", flush=True)

    def summary(self, seconds: float) -> None:
        """Show the table of the whole time."""
        counts = self.counts()
        lines = table(counts, rates([0] * len(counts), counts, seconds))
        if self._live:
            self._draw(lines)
        else:
            print("\n".join(lines), flush=True)

    def _draw(self, lines: list[str]) -> None:
        # A line that wraps would take two, and the cursor would not go up far enough.
        width = shutil.get_terminal_size().columns - 1
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        body = "".join(f"\x1b[2K{line[:width]}\n" for line in lines)
        sys.stdout.write(up + body)
        sys.stdout.flush()
        self._drawn = len(lines)
