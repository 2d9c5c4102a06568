"""The simulated socket for datagrams: bound or not, with groups; what is lost stays lost."""

from __future__ import annotations

import errno
import socket
from collections import deque
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from tests.sim.poll import Pollable, os_error
from tests.sim.task import MACHINERY
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from tests.sim.net import SimNet

MACHINERY.add(__file__)

#: Datagrams that wait to be read, before more are dropped.
BACKLOG = 8
_ANY = {"0.0.0.0", "::"}


class SimDatagramSocket(Pollable):
    """UDP, non-blocking.  Errors that a test wants to see go into ``failures``."""

    def __init__(self, net: SimNet, node: str, family: int, proto: int = 0) -> None:
        super().__init__(net, node)
        self.family, self.type, self.proto = family, socket.SOCK_DGRAM, proto
        self.label = f"{node}#{net.serial()}"
        self.name: Any = None
        self.groups: set[str] = set()
        self.input: deque[tuple[bytes, Any]] = deque()
        #: Datagrams that the system takes before it says EAGAIN; `drain` makes room again.
        self.room = 1 << 30
        #: What the next calls of sendto, and of recvfrom_into, end with.
        self.send_failures: deque[int] = deque()
        self.receive_failures: deque[int] = deque()
        self.closed = False

    def __repr__(self) -> str:
        return f"<SimDatagramSocket {self.label} {self.name}>"

    def poll(self) -> int:
        readable = bool(self.input or self.receive_failures)
        return (READ if readable else 0) | (WRITE if self.room else 0)

    def _enter(self, why: str) -> None:
        self.kernel.point(why)
        if self.closed:
            raise os_error(errno.EBADF)

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        self._enter("setsockopt")
        if (level, option) == (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP):
            self.groups.add(socket.inet_ntoa(value[:4]))

    def bind(self, address: Any) -> None:
        self._enter("bind")
        name = (address[0], address[1] or self.net.port())
        taken = [s for s in self.net.datagrams if s.name and s.name[1] == name[1]]
        if taken and not self.groups:
            raise os_error(errno.EADDRINUSE)
        self.name = name
        self.net.datagrams.append(self)

    def getsockname(self) -> Any:
        self._enter("getsockname")
        return self.name or ("0.0.0.0", 0)

    def sendto(self, data: Any, address: Any) -> int:
        self._enter("sendto")
        if self.send_failures:
            raise os_error(self.send_failures.popleft())
        if not self.room or self.net.roll(self.net.faults.again, "sendto: EAGAIN"):
            raise os_error(errno.EAGAIN)
        self.room -= 1
        if self.name is None:
            self.name = ("127.0.0.1", self.net.port())
        octets, source = bytes(data), self._source()
        if not self.net.roll(self.net.faults.lost, "datagram lost"):
            self.kernel.after(self.net.delay(), lambda: self.net.deliver(octets, source, address))
        return len(octets)

    def _source(self) -> Any:
        return ("127.0.0.1" if self.name[0] in _ANY else self.name[0], self.name[1])

    def takes(self, address: Any) -> bool:
        """Whether a datagram to ``address`` is for this socket."""
        host, port = address[:2]
        if ip_address(host).is_multicast:
            return self.name[1] == port and host in self.groups
        return self.name[1] == port and self.name[0] in {host, *_ANY}

    def arrive(self, data: bytes, source: Any) -> None:
        """A datagram has come; without room it is lost."""
        if len(self.input) >= BACKLOG:
            self.kernel.sometimes["datagram without room"] += 1
            return
        self.input.append((data, source))
        self.poke()

    def drain(self, room: int = 1 << 30) -> None:
        """The network has taken what was sent."""
        self.room = room
        self.poke()

    def recvfrom_into(self, buffer: Any) -> tuple[int, Any]:
        self._enter("recvfrom_into")
        if self.receive_failures:
            raise os_error(self.receive_failures.popleft())
        if not self.input or self.net.roll(self.net.faults.again, "recvfrom: EAGAIN"):
            raise os_error(errno.EAGAIN)
        data, source = self.input.popleft()
        view = memoryview(buffer).cast("B")
        size = min(len(data), len(view))
        view[:size] = data[:size]
        return size, source

    def close(self) -> None:
        self.kernel.point("close")
        self.drop()

    def drop(self) -> None:
        if not self.closed:
            self.closed = True
            if self in self.net.datagrams:
                self.net.datagrams.remove(self)
            self.close_fd()
