"""What the tests of security share: secured sockets, monitors, a ZAP handler to order."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any, Self

import pytest

import zmqthread as zmq
from tests.support import LOOPBACK, RawClient, milliseconds, monitor_name, patient
from tests.wire import curve as peers
from zmqthread.errors import ZMQError

pytest.importorskip("nacl.bindings", reason="the extra curve is not installed")

PATIENCE = 10.0
FAILED = (
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)
Request = list[bytes]
PLAIN_SERVER: dict[str, Any] = {"plain_server": 1}
PLAIN_CLIENT: dict[str, Any] = {"plain_username": b"user", "plain_password": b"sesame"}
#: With the keys that `tests.wire.curve` has.
CURVE_SERVER: dict[str, Any] = {"curve_server": 1, "curve_secretkey": peers.SECRET}
CURVE_CLIENT: dict[str, Any] = {
    "curve_serverkey": peers.S,
    "curve_publickey": peers.C,
    "curve_secretkey": peers.CLIENT_SECRET,
}
MECHANISMS = {"PLAIN": (PLAIN_SERVER, PLAIN_CLIENT), "CURVE": (CURVE_SERVER, CURVE_CLIENT)}


def accept(request: Request) -> list[bytes] | None:
    """Let in whoever asks."""
    return [b"1.0", request[1], b"200", b"OK", b"joe", b""]


class Handler:
    """A ZAP handler that answers as it is told; `answer` may give None for silence."""

    def __init__(
        self,
        context: zmq.Context,
        answer: Callable[[Request], list[bytes] | None] = accept,
    ) -> None:
        self.requests: list[Request] = []
        self.answer = answer
        self._socket = context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.bind("inproc://zeromq.zap.01")
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(ZMQError):
            while True:
                name, delimiter, *request = self._socket.recv_multipart()
                assert delimiter == b""
                self.requests.append(request)
                answer = self.answer(request)
                if answer is not None:
                    self._socket.send_multipart([name, b"", *answer])

    def send(self, frames: list[bytes]) -> None:
        self._socket.send_multipart(frames)

    def close(self) -> None:
        self._socket.close()
        self._thread.join()


class RawPeer(RawClient):
    """A raw peer that reads whole short commands; of a listener's connection, or to a port."""

    def __init__(self, port: int, accepted: socket.socket | None = None) -> None:
        if accepted is None:
            super().__init__(port)
        else:
            self.socket = accepted

    def command(self) -> bytes:
        head = self.receive(2)
        if head[0] & 2:
            head += self.receive(7)
        return head + self.receive(int.from_bytes(head[1:]))


class Secured:
    """A context whose sockets all end with it."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self._sockets: list[Any] = []
        self._handlers: list[Handler] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for handler in self._handlers:
            handler.close()
        for sock in self._sockets:
            sock.close(linger=0)
        self.context.term()

    def socket(self, kind: int, **settings: Any) -> Any:
        sock = self.context.socket(kind)
        self._sockets.append(sock)
        return patient(sock, PATIENCE, **settings)

    def handler(self, answer: Callable[[Request], list[bytes] | None] = accept) -> Handler:
        made = Handler(self.context, answer)
        self._handlers.append(made)
        return made

    def watch(self, sock: Any) -> Any:
        """A monitor of the failures and successes of handshakes."""
        monitor = sock.get_monitor_socket(
            FAILED | zmq.EVENT_HANDSHAKE_SUCCEEDED, addr=monitor_name()
        )
        monitor.rcvtimeo = milliseconds(PATIENCE)
        self._sockets.append(monitor)
        return monitor

    def server(self, **settings: Any) -> tuple[Any, int, Any]:
        """A bound PULL, its port and its monitor."""
        sock = self.socket(zmq.PULL, **settings)
        monitor = self.watch(sock)
        return sock, sock.bind_to_random_port(f"tcp://{LOOPBACK}"), monitor

    def client(self, port: int, **settings: Any) -> Any:
        settings.setdefault("reconnect_ivl", milliseconds(0.01))
        sock = self.socket(zmq.PUSH, **settings)
        sock.connect(f"tcp://{LOOPBACK}:{port}")
        return sock

    def watched(self, port: int, **settings: Any) -> tuple[Any, Any]:
        """A client and its monitor."""
        sock = self.socket(zmq.PUSH, **settings)
        monitor = self.watch(sock)
        sock.connect(f"tcp://{LOOPBACK}:{port}")
        return sock, monitor

    def still_serves(self, server: Any, port: int, **settings: Any) -> Any:
        """Check that a good peer gets a message through, and return it."""
        good = self.client(port, **settings)
        good.send(b"good")
        frame = server.recv(copy=False)
        assert frame.bytes == b"good"
        return frame


def event(monitor: Any) -> tuple[int, int]:
    """The next event and its value."""
    found: tuple[int, int] = struct.unpack("=HI", monitor.recv_multipart()[0])
    return found


def events(monitor: Any, patience: float = 0.05) -> list[tuple[int, int]]:
    """All events until there is silence."""
    found = []
    while monitor.poll(milliseconds(patience)):
        found.append(event(monitor))
    return found


def curve_keys() -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of a CURVE server and of a client of it."""
    public, secret = zmq.curve_keypair()
    mine, my_secret = zmq.curve_keypair()
    server = {"curve_server": 1, "curve_publickey": public, "curve_secretkey": secret}
    client = {
        "curve_serverkey": public,
        "curve_publickey": mine,
        "curve_secretkey": my_secret,
    }
    return server, client
