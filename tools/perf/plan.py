"""How much of everything a run of `tools.perf.growth` measures."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1 << 10
MIB = 1 << 20


@dataclass(frozen=True)
class Plan:
    """The points of each curve, and how often each is taken."""

    quick: bool
    topics: tuple[int, ...]
    peers: tuple[int, ...]
    sizes: tuple[int, ...]
    subscribers: tuple[int, ...]
    rounds: int
    messages: int  # of a round; each takes microseconds
    window: float  # seconds of watching what is idle
    limit: float  # seconds for one point


FULL = Plan(
    quick=False,
    topics=(1_000, 10_000, 100_000, 1_000_000),
    peers=(10, 100, 1_000, 5_000, 10_000),
    sizes=(1, 16, 256, 4 * KIB, 64 * KIB, MIB, 8 * MIB, 64 * MIB),
    subscribers=(1, 10, 100, 1_000),
    rounds=7,
    messages=2_000,
    window=5.0,
    limit=120.0,
)
QUICK = Plan(
    quick=True,
    topics=(100, 2_000),
    peers=(5, 100),
    sizes=(1, 4 * KIB, MIB),
    subscribers=(1, 20),
    rounds=3,
    messages=200,
    window=0.5,
    limit=20.0,
)
