"""Sockets over udp on the loopback, and plain ones for those who send what they should not."""

from __future__ import annotations

import contextlib
import socket as system
from typing import Any, Self

import zmqthread as zmq
from tests.support import seconds

#: How long to look, in unscaled seconds, for something that must not come.
NEVER = 0.05
GROUP = "239.192.77.9"


class Bench:
    """A context, its sockets, and plain sockets."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self._open: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self._open:
            sock.close()
        self.context.term()

    def socket(self, kind: int, **options: Any) -> Any:
        made = self.context.socket(kind)
        self._open.append(made)
        made.linger = 0
        made.rcvtimeo = made.sndtimeo = int(seconds(10) * 1000)
        for name, value in options.items():
            setattr(made, name, value)
        return made

    def dish(self, *groups: str, endpoint: str = "udp://127.0.0.1:*", **options: Any) -> Any:
        made = self.socket(zmq.DISH, **options)
        made.bind(endpoint)
        for group in groups:
            made.join(group)
        return made

    def radio(self, dish: Any, **options: Any) -> Any:
        made = self.socket(zmq.RADIO, **options)
        made.connect(endpoint_of(dish))
        return made

    def dgram(self, endpoint: str = "udp://127.0.0.1:*", **options: Any) -> Any:
        made = self.socket(zmq.DGRAM, **options)
        made.bind(endpoint)
        return made

    def plain(self, host: str = "127.0.0.1") -> system.socket:
        """Return a socket of the system, bound to an address of this machine."""
        made = system.socket(system.AF_INET, system.SOCK_DGRAM)
        self._open.append(made)
        made.bind((host, 0))
        made.settimeout(seconds(10))
        return made


def endpoint_of(sock: Any) -> str:
    return str(sock.last_endpoint.decode())


def where(sock: Any) -> tuple[str, int]:
    """Return the address of a bound socket, as the system has it."""
    host, port = endpoint_of(sock).removeprefix("udp://").rpartition(";")[2].rsplit(":", 1)
    return host, int(port)


def frame_for(sock: Any) -> bytes:
    """Return the address of a bound socket, as a DGRAM sends to it."""
    return b"%b:%d" % (where(sock)[0].encode(), where(sock)[1])


def silent(sock: Any) -> bool:
    return not sock.poll(seconds(NEVER) * 1000)


def unanswered(plain: system.socket) -> bool:
    """Whether nothing has come back."""
    plain.settimeout(seconds(NEVER))
    with contextlib.suppress(TimeoutError):
        plain.recv(1)
        return False
    return True
