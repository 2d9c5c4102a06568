"""Time connections without a library: ``bare_connects COUNT``.

The handshake of ZMTP 3.1 and one short message, on bare non-blocking sockets: a process that
connects and one that accepts, with one thread and one ``epoll`` each. There are no options, no
queues, no time limits, and nothing can go wrong; so this is about the least that connections cost
in Python. Counted is, as by a library's user, from the first message to the last.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import select
import socket
import time
from typing import Any

from tools.perf.common import positive
from tools.perf.measured import show

_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL".ljust(55, b"\0")
_MESSAGE = b"\0\2hi"
_MICROSECONDS = 1e6
#: Seconds without anything from the other end: something has gone wrong there.
_PATIENCE = 10.0


def ready(socket_type: bytes) -> bytes:
    """Return a READY command."""
    size = len(socket_type).to_bytes(4, "big")
    body = b"\5READY\x0bSocket-Type" + size + socket_type + b"\x08Identity" + bytes(4)
    return bytes((4, len(body))) + body


class End:
    """One process's connections."""

    def __init__(self, socket_type: bytes) -> None:
        self.hello = _GREETING + ready(socket_type)
        self.poller = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.received: dict[int, bytes] = {}
        self.begin = resource.getrusage(resource.RUSAGE_SELF)

    def add(self, sock: socket.socket) -> None:
        """Greet, and watch what comes."""
        number = sock.fileno()
        self.sockets[number], self.received[number] = sock, b""
        self.poller.register(number, select.EPOLLIN | select.EPOLLET)
        sock.send(self.hello)

    def read(self, number: int) -> bytes:
        """Return all that a connection has received."""
        fresh = self.sockets[number].recv(8192)
        if not fresh:
            raise ConnectionResetError("the other end has gone")
        self.received[number] = octets = self.received[number] + fresh
        if octets[:1] not in {b"", b"\xff"} or octets[10:11] not in {b"", b"\3"}:
            raise ValueError(f"no greeting of ZMTP 3: {octets[:12]!r}")
        return octets

    def wait(self) -> list[tuple[int, int]]:
        """Wait for something to happen."""
        ready = self.poller.poll(_PATIENCE)
        if not ready:
            raise TimeoutError("nothing comes from the other end")
        return ready

    def close(self) -> None:
        for sock in self.sockets.values():
            sock.close()
        self.poller.close()

    def spent(self, count: int) -> list[float]:
        """Return the processor time of each connection, of the process and of the system."""
        now = resource.getrusage(resource.RUSAGE_SELF)
        user, system = now.ru_utime - self.begin.ru_utime, now.ru_stime - self.begin.ru_stime
        return [user / count * _MICROSECONDS, system / count * _MICROSECONDS]


def connect(port: int, count: int, line: Any) -> None:
    """Make so many connections, with a message each as soon as the other side is ready."""
    end = End(b"DEALER")
    made = said = 0
    while said < count:
        if made < count:
            made += 1
            sock = socket.socket()
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect_ex(("127.0.0.1", port))  # over loopback it is connected at once
            end.add(sock)
        for number, _ in end.poller.poll(0) if made < count else end.wait():
            if len(end.read(number)) > len(_GREETING):
                end.sockets[number].send(_MESSAGE)
                said += 1
    line.send(end.spent(count))
    line.recv()  # nothing is closed before all has been read
    end.close()


def accept(listener: socket.socket, count: int) -> tuple[float, list[float]]:
    """Take so many connections; return the time from first to last message, and what was spent."""
    end = End(b"ROUTER")
    end.poller.register(listener, select.EPOLLIN)
    heard, first = 0, 0.0
    while heard < count:
        for number, _ in end.wait():
            if number == listener.fileno():
                sock = listener.accept()[0]
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                end.add(sock)
            elif end.read(number).endswith(_MESSAGE):
                heard += 1
                first = first or time.perf_counter()
    elapsed, spent = time.perf_counter() - first, end.spent(count)
    end.close()
    return elapsed, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "count", type=positive, help="how many connections; each takes a descriptor"
    )
    count = parser.parse_args().count
    if not hasattr(select, "epoll"):
        parser.error("this needs epoll, which Linux has")
    line, far = multiprocessing.Pipe()
    with socket.create_server(("127.0.0.1", 0), backlog=2000) as listener:
        arguments = (listener.getsockname()[1], count, far)
        spawn = multiprocessing.get_context("spawn")
        process = spawn.Process(target=connect, args=arguments, daemon=True)
        process.start()
        elapsed, accepting = accept(listener, count)
        connecting = line.recv()
        line.send(None)
        process.join()
    show("connections", count)
    if count > 1:
        show("connections", (count - 1) / elapsed, "1/s")
    for name, (user, system) in (("connecting", connecting), ("accepting", accepting)):
        show(f"{name}, in Python", user, "us")
        show(f"{name}, in the system", system, "us")


if __name__ == "__main__":
    main()
