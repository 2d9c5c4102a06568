"""The two ends of a connection, as the monitor names them."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Protocol

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

    @property
    def ends(self) -> Ends:
        """Itself."""
        return self


class HasEnds(Protocol):
    """What an event is about: asked for its ends only if somebody wants to hear of them."""

    @property
    def ends(self) -> Ends:
        """Both ends."""
        ...


NOWHERE = Ends()

#: What stands for the number of a descriptor that was closed before anybody took a note of it.
UNKNOWN = 0xFFFF_FFFF


def accepted_ends(local: Any, remote: Any, endpoint: str) -> Ends:
    """Return both ends of a stream that came in at ``endpoint``; None for a name that is unknown.

    As in libzmq the local end of a tcp connection is where it really ends, which the endpoint of a
    listener on all addresses does not tell.  The file of a local listener may have been renamed
    since it was bound, so there the endpoint counts.
    """
    if local is None or remote is None:  # gone already
        return Ends(endpoint, bound=True)
    scheme = endpoint.partition("://")[0]
    here = _endpoint(scheme, local) if isinstance(local, tuple) else endpoint
    return Ends(here, _endpoint(scheme, remote), bound=True)


def connected_ends(name: Any, endpoint: str) -> Ends:
    """Return both ends of what was connected to ``endpoint``; ``name`` is our end's."""
    return Ends(_endpoint(endpoint.partition("://")[0], name), endpoint)


def _endpoint(scheme: str, name: Any) -> str:
    """Return a socket's name as an endpoint; a local socket without a file has an empty path."""
    if isinstance(name, tuple):
        host = f"[{show(name)}]" if len(name) == 4 else name[0]
        return f"{scheme}://{host}:{name[1]}"
    path = os.fsdecode(name)
    return f"{scheme}://@{path[1:]}" if path.startswith("\0") else f"{scheme}://{path}"
