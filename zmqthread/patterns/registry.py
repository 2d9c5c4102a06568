"""One row per socket type; nothing else switches on the type."""

from __future__ import annotations

from typing import NamedTuple

from zmqthread.constants import SocketType
from zmqthread.patterns.pattern import Pattern
from zmqthread.patterns.pull import Pull
from zmqthread.patterns.push import Push


class Row(NamedTuple):
    """What is fixed about a socket type."""

    name: str
    pattern: type[Pattern]
    peers: frozenset[str]
    #: Subscriptions from peers are for the pattern (PUB, XPUB).
    takes_subscriptions: bool = False


def _peers(names: str) -> frozenset[str]:
    return frozenset(names.split())


ROWS: dict[SocketType, Row] = {
    SocketType.PUSH: Row("PUSH", Push, _peers("PULL")),
    SocketType.PULL: Row("PULL", Pull, _peers("PUSH")),
}
