"""The lanes of a new pipe, as the options of its socket want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmqthread.pipes.conflate import ConflatedLane
from zmqthread.pipes.lane import BATCH, Lane

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.pipes.pipe import Pipe


def new_lanes(options: Options, conflate: tuple[bool, bool]) -> tuple[Lane, Lane]:
    """Return the lane to read from and the lane to write to.

    Args:
        conflate: whether the one, and the other, keeps only the latest message.
    """
    inward, outward = conflate
    return (
        ConflatedLane() if inward else Lane(options.rcvhwm, options.pipe_bytes),
        ConflatedLane() if outward else Lane(options.sndhwm, options.pipe_bytes),
    )


def resize(pipe: Pipe, options: Options) -> None:
    """Give both lanes of a wired pipe the high-water marks of the options."""
    pipe.incoming.set_hwm(options.rcvhwm)
    pipe.outgoing.set_hwm(options.sndhwm)
    pipe.outgoing.gather = min(BATCH, pipe.outgoing.limit)
