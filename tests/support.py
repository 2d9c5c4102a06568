"""What several tests need: scaled time, a peer in a process of its own, a raw TCP client."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

ROOT = Path(__file__).parent.parent
SCALE_VARIABLE = "ZMQTHREAD_TEST_SCALE"
SCALE = float(os.environ.get(SCALE_VARIABLE, "1"))
LOOPBACK = "127.0.0.1"


def seconds(value: float) -> float:
    """Scale a time by the environment variable, so that one knob serves every slow machine."""
    return value * SCALE


def milliseconds(unscaled: float) -> int:
    """Scale seconds and give them the way time-out options take them."""
    return int(seconds(unscaled) * 1000)


def patient(sock: Any, patience: float, **settings: Any) -> Any:
    """Give a socket time-outs, so that a lost message fails a test, LINGER 0, and other options."""
    sock.linger = 0
    sock.sndtimeo = sock.rcvtimeo = milliseconds(patience)
    for name, value in settings.items():
        setattr(sock, name, value)
    return sock


_monitors = itertools.count()


def monitor_name() -> str:
    """Return a name for a socket's monitor.

    pyzmq makes one of the socket's descriptor, whose number may be in use again before libzmq has
    given the name of a closed socket's monitor back: EADDRINUSE.
    """
    return f"inproc://monitor-{next(_monitors)}"


#: What keeps the ports that `free_port` gave.
_kept: list[socket.socket] = []


def free_port() -> int:
    """Return a TCP port without a listener; where possible bind to port 0 instead.

    A socket that is bound and does not listen keeps the port until the end of the test: who
    connects is refused, both libraries can bind to it (they set SO_REUSEADDR, as we do), and the
    kernel gives it to nobody else, least of all to another run of the tests. Linux's rules.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((LOOPBACK, 0))
    port: int = probe.getsockname()[1]
    _kept.append(probe)
    if sys.platform != "linux":
        give_ports_back()
    return port


def give_ports_back() -> None:
    """At the end of a test: keep the ports that it took no longer."""
    while _kept:
        _kept.pop().close()


# What a peer's code finds in its namespace: the library under the name zmq, its arguments, and two
# functions that move one JSON value each over its standard streams.
PRELUDE = """
import importlib, json, sys
zmq = importlib.import_module(sys.argv[1])
args = json.loads(sys.argv[2])
def say(value):
    sys.stdout.write(json.dumps(value) + "\\n")
    sys.stdout.flush()
def hear():
    return json.loads(sys.stdin.readline())
"""


class PeerError(AssertionError):
    """The peer's process ended or kept silent where something was expected of it."""


class Peer:
    """Python code in a child process, with either library imported as ``zmq``.

    The code is called with ``args`` (any JSON value) and talks to the test by ``say(value)`` and
    ``hear()``; the test has the same two. Leaving the ``with`` block closes the child's standard
    input and waits for it; a child that does not end, or ends with an error, fails the test unless
    it was killed on purpose.

    Args:
        library: what to import, ``"zmq"`` for libzmq or ``"zmqthread"``.
        code: the body, run after the prelude.
        args: handed to the code as ``args``.
    """

    def __init__(self, library: str, code: str, args: Any = None) -> None:
        self.patience = seconds(20.0)
        self._buffer = b""
        self._killed = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the peer
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code, library, json.dumps(args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": path},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is not None:
                self.kill()
            self._finish()
        finally:
            self._close()

    def say(self, value: Any) -> None:
        """Hand one JSON value to the peer's ``hear()``."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(value).encode() + b"\n")

    def hear(self, timeout: float | None = None) -> Any:
        """Return the next value the peer said.

        Raises:
            PeerError: it said nothing within ``timeout`` unscaled seconds, or has ended.
        """
        patience = self.patience if timeout is None else seconds(timeout)
        deadline = time.monotonic() + patience
        while b"\n" not in self._buffer:
            self._buffer += self._read(deadline)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def kill(self) -> None:
        """End the peer with SIGKILL, in whatever it is doing."""
        self._killed = True
        self.process.kill()
        self.process.wait()

    def errors(self) -> str:
        """Return what the peer has written to its standard error so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def _read(self, deadline: float) -> bytes:
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        remaining = max(0.0, deadline - time.monotonic())
        if not select.select([descriptor], [], [], remaining)[0]:
            raise PeerError("the peer said nothing in time\n" + self.errors())
        if not (chunk := os.read(descriptor, 65536)):
            raise PeerError("the peer ended without a word\n" + self.errors())
        return chunk

    def _finish(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            status = self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise PeerError("the peer did not end\n" + self.errors()) from None
        if status and not self._killed:
            raise PeerError(f"the peer ended with status {status}\n" + self.errors())

    def _close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.stdout.close()
        self._errors.close()


class RawClient:
    """A TCP connection that sends and expects octets, for tests of what is on the wire."""

    def __init__(self, port: int, host: str = LOOPBACK) -> None:
        self.socket = socket.create_connection((host, port), seconds(10.0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, octets: bytes) -> None:
        """Send all of it in as few segments as the kernel makes."""
        self.socket.sendall(octets)

    def send_split(self, octets: bytes, size: int = 1) -> None:
        """Send it in segments of ``size`` octets; TCP_NODELAY keeps them apart as far as it can."""
        for start in range(0, len(octets), size):
            self.socket.sendall(octets[start : start + size])

    def receive(self, count: int) -> bytes:
        """Return exactly ``count`` octets.

        Raises:
            EOFError: the other side closed first; the message tells what had come.
            TimeoutError: they did not come in time.
        """
        octets = b""
        while len(octets) < count:
            chunk = self.socket.recv(count - len(octets))
            if not chunk:
                raise EOFError(f"closed after {len(octets)} of {count} octets: {octets!r}")
            octets += chunk
        return octets

    def receive_until_closed(self, timeout: float = 10.0) -> bytes:
        """Return all that comes until the other side closes or resets.

        Raises:
            TimeoutError: it is still open after ``timeout`` unscaled seconds.
        """
        deadline = time.monotonic() + seconds(timeout)
        octets = b""
        try:
            while True:
                self.socket.settimeout(max(0.001, deadline - time.monotonic()))
                if not (chunk := self.socket.recv(65536)):
                    return octets
                octets += chunk
        except ConnectionError:
            return octets

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
        )
        self.socket.close()


@contextlib.contextmanager
def listening(port: int = 0) -> Iterator[socket.socket]:
    """Give a plain TCP listener on a free loopback port, to play the server to a connecter."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen()
        listener.settimeout(seconds(10.0))
        yield listener
