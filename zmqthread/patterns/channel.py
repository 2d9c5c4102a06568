"""CHANNEL: both ways with one peer at a time (RFC 52)."""

from __future__ import annotations

from zmqthread.patterns.one_frame import OneFrame
from zmqthread.patterns.pair import Pair


class Channel(OneFrame, Pair):
    """A PAIR whose messages have one frame."""
