"""zmq_socket_monitor and its kin: a socket's events as messages."""

from __future__ import annotations

from typing import Any

from zmqthread.api.monitor import monitor, pipes_stats
from zmqthread.capi.memory import core_of, text
from zmqthread.constants import SocketType


def zmq_socket_monitor(socket: Any, addr: Any, events: int) -> int:
    """Publish a socket's events on a PAIR socket, in two frames each.

    Args:
        socket: the socket.
        addr: an ``inproc://`` endpoint to connect a PAIR to; None ends the monitoring.
        events: a mask of ZMQ_EVENT_*.

    Raises:
        ZMQError: EPROTONOSUPPORT: another transport. EINVAL: events above the 16th bit, or a
            malformed endpoint. ETERM, ENOTSOCK.
    """
    return zmq_socket_monitor_versioned(socket, addr, events, 1, SocketType.PAIR)


def zmq_socket_monitor_versioned(
    socket: Any, addr: Any, events: int, event_version: int, type_: int
) -> int:
    """Publish a socket's events; version 2 has both ends of a connection, and several values.

    Args:
        socket: the socket.
        addr: an ``inproc://`` endpoint; None ends the monitoring.
        events: a mask of ZMQ_EVENT_*.
        event_version: 1 or 2.
        type_: PAIR, or with version 2 PUB or PUSH.

    Raises:
        ZMQError: as `zmq_socket_monitor`; EINVAL: another version or type.
    """
    monitor(core_of(socket), None if addr is None else text(addr), events, event_version, type_)
    return 0


def zmq_socket_monitor_pipes_stats(socket: Any) -> int:
    """Have one PIPES_STATS event published for each peer.

    Raises:
        ZMQError: EINVAL: nobody monitors them. EAGAIN: there are no peers. ENOTSOCK, ETERM.
    """
    pipes_stats(core_of(socket))
    return 0
