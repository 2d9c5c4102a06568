"""Make the wire's side of a connection from a socket's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.wire.mechanisms.null import Null
from zmqthread.wire.zmtp.connection import Connection

if TYPE_CHECKING:
    from zmqthread.sessions.host import Host


def new_connection(host: Host, *, as_server: bool) -> Any:
    """Return a connection that is about to send its greeting."""
    options = host.options
    return Connection(
        host.type_name,
        host.peer_types,
        Null(),
        now=host.seams.monotonic(),
    )
