"""The simulated stream socket: TCP and AF_UNIX, non-blocking, the errors in Linux's order."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tests.sim import local
from tests.sim.poll import Pollable, os_error
from tests.sim.task import MACHINERY, SimError
from tests.sim.wire import DATA, FIN, RST, SYNACK, Wire
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from tests.sim.net import SimNet

MACHINERY.add(__file__)

_IOV_MAX = 1024
_LINGER = (socket.SOL_SOCKET, socket.SO_LINGER)


class SimSocket(Pollable):
    """States: new, listening, connecting, connected, closed."""

    def __init__(self, net: SimNet, node: str, family: int, kind: int, proto: int = 0) -> None:
        super().__init__(net, node)
        if kind & 0xF != socket.SOCK_STREAM:
            raise SimError("only stream sockets are simulated")
        self.family, self.type, self.proto = family, kind & 0xF, proto
        self.label = f"{node}#{net.serial()}"
        self.state = "new"
        self.name: Any = "" if family == socket.AF_UNIX else None
        self.peer_name: Any = None
        self.peer: SimSocket | None = None
        self.input = bytearray()
        self.error = 0
        #: The peer will send no more; we have said so; the connection is reset.
        self.eof = self.fin_sent = self.broken = False
        #: Octets that may still be sent before the peer reads.
        self.room = 0
        self.backlog: deque[SimSocket] = deque()
        self._backlog_size = 0
        self._options: dict[tuple[int, int], Any] = {}
        #: What is under way to the peer.
        self.wire = Wire(self)

    def __repr__(self) -> str:
        return f"<SimSocket {self.label} {self.state} {self.name} -> {self.peer_name}>"

    # -- readiness ---------------------------------------------------------------------------

    def poll(self) -> int:
        if self.state == "connected":
            readable = self.input or self.eof or self.error
            writable = self.room > 0 or self.error or self.fin_sent or self.broken
            return (READ if readable else 0) | (WRITE if writable else 0)
        if self.state == "listening":
            return READ if self.backlog else 0
        return READ | WRITE if self.state == "new" else 0

    def _enter(self, why: str) -> None:
        self.kernel.point(why)
        if self.state == "closed":
            raise os_error(errno.EBADF)

    def _raise_error(self) -> None:
        if self.error:
            code, self.error = self.error, 0
            raise os_error(code)

    # -- names and options -------------------------------------------------------------------

    def setblocking(self, flag: bool) -> None:
        """Always non-blocking."""

    def setsockopt(self, level: int, option: int, value: Any, _length: int = 0) -> None:
        self._enter("setsockopt")
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int, size: int = 0) -> Any:
        self._enter("getsockopt")
        if level == socket.SOL_SOCKET and option == socket.SO_ERROR:
            code, self.error = self.error, 0
            return code
        value = self.option(level, option)
        if not size:
            return value
        return value if isinstance(value, bytes) else struct.pack("i", value)[:size]

    def option(self, level: int, option: int) -> Any:
        """What was set, or what the system would answer."""
        if level == socket.SOL_SOCKET and option == socket.SO_TYPE:
            return self.type
        if level == socket.SOL_SOCKET and option == getattr(socket, "SO_PEERCRED", -1):
            return struct.pack("3i", 4711, 0, 0)
        return self._options.get((level, option), 0)

    def getsockname(self) -> Any:
        self._enter("getsockname")
        if self.family == socket.AF_UNIX:
            return self.name
        return self._full(self.name or ("::" if self.family == socket.AF_INET6 else "0.0.0.0", 0))

    def getpeername(self) -> Any:
        self._enter("getpeername")
        if self.state != "connected" or self.broken:
            raise os_error(errno.ENOTCONN)
        return self._full(self.peer_name)

    def _full(self, name: Any) -> Any:
        return (*name, 0, 0) if self.family == socket.AF_INET6 else name

    # -- listening ---------------------------------------------------------------------------

    def bind(self, address: Any) -> None:
        self._enter("bind")
        if self.family == socket.AF_UNIX:
            self.net.bind(self, local.make(address))
            self.name = address if local.abstract(address) else os.fsdecode(address)
        else:
            name = (address[0], address[1] or self.net.port())
            self.net.bind(self, name)
            self.name = name

    def listen(self, backlog: int = 128) -> None:
        self._enter("listen")
        if not self.name:
            self.name = ("0.0.0.0", self.net.port())
            self.net.bind(self, self.name)
        self.state = "listening"
        self._backlog_size = backlog + 1  # as Linux counts

    def backlog_full(self) -> bool:
        return len(self.backlog) >= self._backlog_size

    def welcome(self, client: SimSocket) -> None:
        """A connection request has arrived: the connection exists before it is accepted."""
        server = SimSocket(self.net, self.node, self.family, self.type, self.proto)
        server.state = "connected"
        server.name, server.peer_name = client.peer_name, client.name
        server.peer, client.peer = client, server
        windows = self.net.faults.windows
        server.room, client.room = (self.kernel.rng.choice(windows) for _ in range(2))
        self.backlog.append(server)
        server.wire.post(SYNACK)
        self.poke()

    def accept(self) -> tuple[SimSocket, Any]:
        self._enter("accept")
        if self.state != "listening":
            raise os_error(errno.EINVAL)
        net, faults = self.net, self.net.faults
        if not self.backlog or net.roll(faults.again, "accept: EAGAIN"):
            raise os_error(errno.EAGAIN)
        if net.roll(faults.emfile, "accept: EMFILE"):
            raise os_error(errno.EMFILE)
        if net.roll(faults.aborted, "accept: ECONNABORTED"):
            self.backlog.popleft().abort()
            raise os_error(errno.ECONNABORTED)
        server = self.backlog[0]
        server.open_fd()
        self.backlog.popleft()
        return server, self._full(server.peer_name)

    # -- connecting --------------------------------------------------------------------------

    def connect(self, address: Any) -> None:
        code = self.connect_ex(address)
        if code:
            raise os_error(code)

    def connect_ex(self, address: Any) -> int:
        self._enter("connect")
        if self.state == "connecting":
            return errno.EALREADY
        if self.state != "new":
            return errno.EISCONN
        if self.family == socket.AF_UNIX:
            return self._connect_local(address)
        self.peer_name = (address[0], address[1])
        if self.peer_name[0] in {"0.0.0.0", "::"}:
            loopback = "::1" if self.family == socket.AF_INET6 else "127.0.0.1"
            self.peer_name = (loopback, self.peer_name[1])
        if self.name is None:
            self.name = (self.peer_name[0], self.net.port())
        self.state = "connecting"
        net = self.net
        if net.roll(net.faults.connect_now, "connected at once"):
            return self._connect_now()
        self.kernel.after(net.delay(), lambda: net.syn(self, self.peer_name))
        return errno.EINPROGRESS

    def _connect_now(self) -> int:
        listener = self.net.listener(self.peer_name)
        if listener is None or self.net.is_cut(self.node, listener.node) or listener.backlog_full():
            self.kernel.after(self.net.delay(), lambda: self.net.syn(self, self.peer_name))
            return errno.EINPROGRESS
        self.state = "connected"
        listener.welcome(self)
        return 0

    def _connect_local(self, address: Any) -> int:
        """AF_UNIX connects at once or not at all."""
        net = self.net
        key = local.find(address)
        if key is None:
            return errno.ENOENT
        listener = net.listener(key)
        if listener is None or net.roll(net.faults.refused, "refused"):
            return errno.ECONNREFUSED
        if listener.backlog_full():
            return errno.EAGAIN
        self.state, self.peer_name = "connected", listener.name
        listener.welcome(self)
        return 0

    def connect_failed(self, code: int) -> None:
        if self.state == "connecting":
            self.kernel.note("net", f"{self.label} connect failed {code}")
            self.state, self.error = "new", code
            self.poke()

    # -- what the peer does ------------------------------------------------------------------

    def arrive(self, kind: str, data: bytes) -> None:
        """A packet has come in."""
        if kind == RST:
            self.was_reset()
        elif kind == SYNACK:
            if self.state == "closed":
                self.answer_reset()
            else:
                self.state = "connected"
        elif self.state == "closed" or self.broken:
            if kind == DATA:  # nobody is there to read it
                self.answer_reset()
        elif kind == FIN:
            self.eof = True
        else:
            self.input += data
        self.poke()

    def answer_reset(self) -> None:
        if self.peer is not None:
            self.kernel.after(self.net.delay(), self.peer.was_reset)

    def was_reset(self) -> None:
        """A reset has come in: what was to be sent is lost."""
        self.wire.clear()
        self.connect_failed(errno.ECONNREFUSED)
        self._break(errno.ECONNRESET)

    def abort(self, code: int = 0) -> None:
        """Send a reset, behind some of what is under way: the rest is lost."""
        if self.state == "connected" and not self.broken:
            self.wire.lose_some()
            self.wire.post(RST)
            self._break(code)

    def _break(self, code: int) -> None:
        if self.state == "connected" and not self.broken:
            self.error, self.broken, self.eof = code, True, True
            if code:
                self.kernel.sometimes["reset"] += 1
            if self.net.roll(self.net.faults.reset_drops_input):
                self.input.clear()
            self.poke()

    def vanish(self) -> None:
        """The machine is gone: nothing more is sent, not even what was under way."""
        self.wire.clear()
        self.broken = True

    # -- sending and receiving ---------------------------------------------------------------

    def send(self, data: Any, flags: int = 0) -> int:
        self._enter("send")
        return self._write(memoryview(data).cast("B"))

    def sendmsg(
        self, buffers: Iterable[Any], ancdata: Any = (), flags: int = 0, address: Any = None
    ) -> int:
        self._enter("sendmsg")
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        if len(views) > _IOV_MAX:
            raise os_error(errno.EMSGSIZE)
        return self._write(memoryview(b"".join(views)))

    def _write(self, data: memoryview) -> int:
        net, faults = self.net, self.net.faults
        self._raise_error()
        if self.state == "connecting":
            raise os_error(errno.EAGAIN)
        if self.state != "connected" or self.fin_sent or self.broken:
            raise os_error(errno.EPIPE)
        if net.roll(faults.reset):
            self.net.reset(self)
            self._raise_error()
            raise os_error(errno.EPIPE)
        size = min(len(data), self.room)
        if not size:
            if not len(data):
                return 0
            self.kernel.sometimes["window full"] += 1
            raise os_error(errno.EAGAIN)
        if net.roll(faults.again, "send: EAGAIN"):
            raise os_error(errno.EAGAIN)
        if size > 1 and net.roll(faults.short_write, "short write"):
            size = self.kernel.rng.randint(1, size - 1)
        self.room -= size
        self.wire.post(DATA, bytes(data[:size]))
        return size

    def recv(self, size: int, flags: int = 0) -> bytes:
        self._enter("recv")
        size = self._readable(size)
        data = bytes(self.input[:size])
        if not flags & socket.MSG_PEEK:
            self._consumed(size)
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self._enter("recv_into")
        view = memoryview(buffer).cast("B")
        size = self._readable(min(nbytes or len(view), len(view)))
        view[:size] = self.input[:size]
        if not flags & socket.MSG_PEEK:
            self._consumed(size)
        return size

    def _readable(self, size: int) -> int:
        """How many octets a read of ``size`` gets; 0 is end of file, or nothing asked for."""
        net, faults = self.net, self.net.faults
        if not size:
            return 0
        if self.input:
            size = min(size, len(self.input))
            if net.roll(faults.again, "recv: EAGAIN"):
                raise os_error(errno.EAGAIN)
            if size > 1 and net.roll(faults.short_read, "short read"):
                size = self.kernel.rng.randint(1, size - 1)
            return size
        self._raise_error()
        if self.eof:
            return 0
        raise os_error(errno.ENOTCONN if self.state in {"new", "listening"} else errno.EAGAIN)

    def _consumed(self, size: int) -> None:
        del self.input[:size]
        peer = self.peer
        if peer is not None and size:
            peer.room += size
            peer.poke()

    # -- ends --------------------------------------------------------------------------------

    def shutdown(self, how: int) -> None:
        self._enter("shutdown")
        if self.state != "connected" or self.broken:
            raise os_error(errno.ENOTCONN)
        if how in {socket.SHUT_RD, socket.SHUT_RDWR}:
            self.eof = True
        if how in {socket.SHUT_WR, socket.SHUT_RDWR} and not self.fin_sent:
            self.fin_sent = True
            self.wire.post(FIN)
        self.poke()

    def close(self) -> None:
        self.kernel.point("close")
        self.drop()

    def drop(self) -> None:
        """Close, as the system does it for a dead process too."""
        if self.state == "closed":
            return
        self.net.unbind(self)
        while self.backlog:
            self.backlog.popleft().abort()
        if self.state == "connected":
            linger = self._options.get(_LINGER)
            if self.input or (linger is not None and bytes(linger)[:8] == struct.pack("ii", 1, 0)):
                self.abort()  # unread input, or a linger time of zero: a reset instead of a FIN
            elif not self.fin_sent and not self.broken:
                self.fin_sent = True
                self.wire.post(FIN)
        self.state = "closed"
        self.close_fd()
