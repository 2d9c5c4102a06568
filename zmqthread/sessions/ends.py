"""The two ends of a connection, as the monitor names them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from zmqthread.transports.names import show


class Ends(NamedTuple):
    """Endpoints; "" for an end that has none (yet)."""

    local: str = ""
    remote: str = ""
    #: We are the side that bound: the local end is the one that people know.
    bound: bool = False

    @property
    def name(self) -> str:
        """Return the one endpoint that stands for both."""
        return self.local if self.bound else self.remote


NOWHERE = Ends()

#: What stands for the number of a descriptor that was closed before anybody took a note of it.
UNKNOWN = 0xFFFF_FFFF


def accepted_ends(stream: Any, endpoint: str) -> Ends:
    """Return both ends of a stream that came in at ``endpoint``."""
    # As libzmq: where the stream really ends, which a listener on all addresses cannot tell.
    return Ends(_name(endpoint, stream.getsockname), _name(endpoint, stream.getpeername), True)


def connected_ends(stream: Any, endpoint: str) -> Ends:
    """Return both ends of a stream that was connected to ``endpoint``."""
    return Ends(_name(endpoint, stream.getsockname), endpoint)


def _name(endpoint: str, ask: Callable[[], Any]) -> str:
    """Return the socket name that ``ask`` gives as an endpoint; "" if the stream is broken."""
    scheme = endpoint.partition("://")[0]
    try:
        name = ask()
    except OSError:
        return ""
    if isinstance(name, tuple):
        host = f"[{show(name)}]" if len(name) == 4 else name[0]
        return f"{scheme}://{host}:{name[1]}"
    path = os.fsdecode(name)
    return f"{scheme}://" + (f"@{path[1:]}" if path.startswith("\0") else path)
