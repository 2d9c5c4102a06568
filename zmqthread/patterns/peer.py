"""PEER: a SERVER among its like, which may speak first to those it connects to (RFC 51)."""

from __future__ import annotations

from zmqthread.patterns.server import Server
from zmqthread.pipes.pipe import Pipe


class Peer(Server):
    """Numbers its peers as a SERVER does, and tells the number of one it has connected to."""

    def number_of(self, pipe: Pipe) -> int:
        """Return the number of a peer."""
        return int(pipe.state)
