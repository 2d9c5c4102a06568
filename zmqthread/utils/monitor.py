"""Reading what a socket's monitor sends."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, TypedDict

from zmqthread.api.socket import Socket
from zmqthread.constants import Event

_FORMAT: Final = struct.Struct("=hi")


class _MonitorMessage(TypedDict):
    event: int
    value: int
    endpoint: bytes


def parse_monitor_message(msg: Sequence[bytes]) -> _MonitorMessage:
    """Return the event, its value and the endpoint that the two frames of a message stand for.

    Raises:
        RuntimeError: it is no such message.
    """
    if len(msg) != 2 or len(msg[0]) != _FORMAT.size:
        raise RuntimeError(f"Invalid event message format: {msg!r}")
    number, value = _FORMAT.unpack(msg[0])
    event = number & 0xFFFF
    return {
        "event": Event(event) if event in Event._value2member_map_ else event,
        "value": value,
        "endpoint": msg[1],
    }


def recv_monitor_message(socket: Socket, flags: int = 0) -> _MonitorMessage:
    """Receive one event from the socket that `Socket.get_monitor_socket` returned.

    Raises:
        ZMQError: as `Socket.recv`.
    """
    return parse_monitor_message(socket.recv_multipart(flags))


__all__ = ["parse_monitor_message", "recv_monitor_message"]
