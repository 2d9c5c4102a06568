"""What several tests of the simulation build on: a connected pair, a writer and a reader."""

from __future__ import annotations

import errno
import socket

from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.net import SimNet
from tests.sim.seams import SimSeams
from tests.sim.stream import SimSocket
from zmqthread.reactor.selector import READ, WRITE

HERE = ("127.0.0.1", 5555)
TCP = (socket.AF_INET, socket.SOCK_STREAM)


class Pair:
    """A connected pair on two nodes, built before the tasks run."""

    def __init__(self, kernel: Kernel, faults: Faults | None = None) -> None:
        self.kernel = kernel
        self.net = SimNet(kernel, faults)
        self.here, self.there = SimSeams(self.net, "here"), SimSeams(self.net, "there")
        self.listener = self.there.socket(*TCP)
        self.listener.bind(HERE)
        self.listener.listen()
        self.near = self.here.socket(*TCP)
        assert self.near.connect_ex(HERE) == errno.EINPROGRESS
        kernel.run(until=lambda: self.near.state == "connected" and self.listener.backlog)
        self.far, self.address = self.listener.accept()

    def settle(self) -> None:
        """Let everything arrive that is under way."""
        self.kernel.elapse(10.0)


def feed(seams: SimSeams, sock: SimSocket, data: bytes) -> None:
    """Send everything, then end the stream."""
    selector = seams.selector()
    selector.register(sock, WRITE, None)
    while data:
        selector.select(None)
        try:
            sent = sock.sendmsg((data[:100], data[100:1000]))
        except BlockingIOError:
            continue
        except OSError:
            return
        data = data[sent:]
    sock.shutdown(socket.SHUT_WR)


def drain(seams: SimSeams, sock: SimSocket) -> bytes:
    """Receive up to the end, or a reset."""
    selector = seams.selector()
    selector.register(sock, READ, None)
    got = b""
    buffer = bytearray(300)
    while True:
        selector.select(None)
        try:
            size = sock.recv_into(buffer)
        except BlockingIOError:
            continue
        except ConnectionResetError:
            return got
        if not size:
            return got
        got += buffer[:size]
