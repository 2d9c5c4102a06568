"""tcp, ipc and udp: streams, listeners, attempts to connect, datagrams and address resolution.

Knows sockets and options, and nothing of messages or threads. Each transport is a module with the
functions of `interface.Transport`; `of` finds it.
"""

from __future__ import annotations

from typing import Any

from zmqthread.endpoint import Endpoint
from zmqthread.transports import ipc, tcp, udp
from zmqthread.transports.interface import Transport

#: The one list of transports that cross a process boundary.
TRANSPORTS: dict[str, Transport[Any]] = {"tcp": tcp, "ipc": ipc, "udp": udp}


def of(endpoint: Endpoint) -> Transport[Any]:
    """Return the transport of an endpoint; KeyError for inproc, which needs none."""
    return TRANSPORTS[endpoint.scheme]


__all__ = ["TRANSPORTS", "Transport", "of"]
