"""Make the wire's side of a connection from a socket's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.wire.limits import Heartbeat, Limits
from zmqthread.wire.mechanisms.null import Null
from zmqthread.wire.raw import RawConnection
from zmqthread.wire.zmtp.connection import Connection

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.sessions.host import Host

_NO_LIMIT = 1 << 62


def new_connection(host: Host, *, as_server: bool) -> Any:
    """Return a connection that is about to send its greeting (or a raw one, for STREAM)."""
    options = host.options
    if host.raw:
        return RawConnection()
    return Connection(
        host.type_name,
        host.peer_types,
        Null(),
        routing_id=options.routing_id,
        metadata=[(name.encode(), value) for name, value in options.metadata.items()],
        limits=_limits(options),
        heartbeat=_heartbeat(options),
        handshake_timeout=options.handshake_ivl / 1000,
        now=host.seams.monotonic(),
        takes_subscriptions=host.takes_subscriptions,
        takes_joins=host.takes_joins,
    )


def _limits(options: Options) -> Limits:
    return Limits(
        frame_size=options.frame_limit,
        message_size=options.frame_limit,
        parts=options.max_parts or _NO_LIMIT,
        handshake_command=options.max_command or _NO_LIMIT,
        topic=options.max_topic or _NO_LIMIT,
        properties=options.max_properties or _NO_LIMIT,
    )


def _heartbeat(options: Options) -> Heartbeat | None:
    if not options.heartbeat_ivl:
        return None
    return Heartbeat(
        interval=options.heartbeat_ivl / 1000,
        timeout=options.heartbeat_wait / 1000,
        ttl=options.heartbeat_ttl / 1000,
    )
