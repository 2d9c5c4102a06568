"""The faults of a simulated network, each a knob.  Chances are per call and 0 by default."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass
from typing import Any

_CHAOS: dict[str, Any] = {
    "short_read": 0.3,
    "short_write": 0.3,
    "again": 0.1,
    "spurious": 0.05,
    "partial": 0.3,
    "shuffle": 1.0,
    "latency": (1e-4, 5e-3),
    "stall": 0.02,
    "oversleep": 1e-3,
    "windows": (16, 700, 65536),
    "connect_now": 0.1,
    "reset": 0.002,
    "reset_drops_input": 0.5,
    "refused": 0.05,
    "aborted": 0.05,
    "emfile": 0.05,
    "clock_freeze": 0.01,
}


@dataclass
class Faults:
    """What goes wrong, and how often."""

    short_read: float = 0.0
    short_write: float = 0.0
    #: EAGAIN although ready (recv, send, accept).
    again: float = 0.0
    #: A registered descriptor is reported although not ready.
    spurious: float = 0.0
    #: Only some of the ready descriptors are reported.
    partial: float = 0.0
    shuffle: float = 0.0
    #: Seconds one way, drawn for each packet; order is kept.
    latency: tuple[float, float] = (0.0, 0.0)
    #: A packet takes ``stall_time`` instead, and all behind it wait.
    stall: float = 0.0
    stall_time: tuple[float, float] = (0.02, 0.5)
    #: Most seconds that a selector sleeps too long.
    oversleep: float = 0.0
    #: Octets that may be under way or unread, drawn for each connection and direction.
    windows: tuple[int, ...] = (65536,)
    #: A TCP connect that ends at once, as some systems do on loopback.
    connect_now: float = 0.0
    #: A datagram gets lost.
    lost: float = 0.0
    #: The connection is reset instead of the send.
    reset: float = 0.0
    #: A reset takes along what had arrived but was not read.
    reset_drops_input: float = 0.0
    refused: float = 0.0
    #: accept raises ECONNABORTED, the connection is gone.
    aborted: float = 0.0
    #: accept raises EMFILE, the connection keeps waiting.
    emfile: float = 0.0
    #: Open descriptors per node; beyond it, EMFILE.
    fd_limit: int = 1 << 30
    #: start_thread raises RuntimeError.
    thread: float = 0.0
    #: The clock of a node stands still for up to ``freeze_time`` seconds.
    clock_freeze: float = 0.0
    freeze_time: float = 0.05

    @classmethod
    def chaos(cls, **changes: Any) -> Faults:
        """All that a correct program survives, at rates that leave it able to get on."""
        return cls(**{**_CHAOS, **changes})

    @classmethod
    def swarm(cls, seed: int, **changes: Any) -> Faults:
        """Each fault of `chaos` or not, by the toss of a coin: together they can hide bugs."""
        rng = random.Random(seed ^ 0x5EED)
        chosen = {name: value for name, value in _CHAOS.items() if rng.random() < 0.5}
        return cls(**{**chosen, **changes})

    @classmethod
    def lossless(cls, **changes: Any) -> Faults:
        """`chaos` without what ends a connection: everything sent must arrive."""
        calm = {"reset": 0.0, "refused": 0.0, "aborted": 0.0}
        return cls(**{**_CHAOS, **calm, **changes})

    def but(self, **changes: Any) -> Faults:
        """A copy with some knobs turned."""
        return dataclasses.replace(self, **changes)
