"""The simulated network: who listens where, what is cut off, and each node's descriptors."""

from __future__ import annotations

import errno
import heapq
import socket
from collections.abc import Iterator
from typing import Any

from tests.sim.datagram import SimDatagramSocket
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.poll import Pollable, os_error
from tests.sim.stream import SimSocket
from tests.sim.task import MACHINERY, SimError
from tests.sim.wire import Wire

MACHINERY.add(__file__)

#: Descriptors of the first node start here: a stray real system call on one fails with EBADF.
_FD_BASE = 1_000_000
_SYN_RETRIES = 6
_V6ONLY = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
_REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR)
_ANY = {"0.0.0.0", "::"}


class SimNet:
    """One network (and one host name space) for all nodes of a kernel."""

    def __init__(self, kernel: Kernel, faults: Faults | None = None) -> None:
        self.kernel = kernel
        self.faults = faults or Faults()
        #: (host, port), abstract name or inode -> who is bound to it.
        self.bound: dict[Any, SimSocket] = {}
        #: Bound sockets for datagrams.
        self.datagrams: list[SimDatagramSocket] = []
        #: Addresses of nodes that went silent: connects hang.
        self.dark: dict[Any, str] = {}
        self._tables: dict[str, dict[int, Pollable]] = {}
        self._free: dict[str, list[int]] = {}
        self._cuts: set[tuple[str, str]] = set()
        self._clogged: set[str] = set()
        self._held: dict[Wire, None] = {}
        self._serial = 0
        self._port = 49151

    # -- chance ------------------------------------------------------------------------------

    def roll(self, chance: float, counter: str = "") -> bool:
        """Toss a coin; what comes true is counted under its name."""
        if chance <= 0.0 or self.kernel.rng.random() >= chance:
            return False
        if counter:
            self.kernel.sometimes[counter] += 1
        return True

    def serial(self) -> int:
        self._serial += 1
        return self._serial

    # -- descriptors -------------------------------------------------------------------------

    def open_fd(self, pollable: Pollable) -> None:
        """Give out the lowest free descriptor, as POSIX does: stale numbers meet new owners."""
        table = self._table(pollable.node)
        free = self._free[pollable.node]
        if len(table) >= self.faults.fd_limit:
            self.kernel.sometimes["descriptors used up"] += 1
            raise os_error(errno.EMFILE)
        base = _FD_BASE * (1 + list(self._tables).index(pollable.node))
        pollable.fd = heapq.heappop(free) if free else base + len(table)
        table[pollable.fd] = pollable

    def close_fd(self, pollable: Pollable) -> None:
        del self._tables[pollable.node][pollable.fd]
        heapq.heappush(self._free[pollable.node], pollable.fd)

    def _table(self, node: str) -> dict[int, Pollable]:
        if node not in self._tables:
            self._tables[node] = {}
            self._free[node] = []
        return self._tables[node]

    def find(self, node: str, fileobj: Any) -> Pollable:
        """What stands behind a descriptor, or an object that has one."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if fd < 0:
            raise ValueError(f"Invalid file descriptor: {fd}")
        try:
            return self._table(node)[fd]
        except KeyError:
            raise os_error(errno.EBADF) from None

    def descriptors(self, node: str) -> list[Pollable]:
        """What the node has open, in the order of descriptors."""
        return [pollable for _, pollable in sorted(self._table(node).items())]

    def sockets(self, node: str) -> Iterator[SimSocket]:
        """The node's open sockets."""
        return (p for p in self.descriptors(node) if isinstance(p, SimSocket))

    # -- names -------------------------------------------------------------------------------

    def port(self) -> int:
        """A fresh port."""
        self._port += 1
        return self._port

    def bind(self, sock: SimSocket, name: Any) -> None:
        """Give a name away: (host, port), or the key of a local name."""
        for other in filter(None, map(self.bound.get, self._clashing(name))):
            if other.state == "listening" or not (other.option(*_REUSE) and sock.option(*_REUSE)):
                raise os_error(errno.EADDRINUSE)
        if _is_internet(name):
            self.bound.setdefault(name, sock)
        else:
            self.bound[name] = sock  # an inode may serve again once its file is gone

    def unbind(self, sock: SimSocket) -> None:
        for name in [name for name, owner in self.bound.items() if owner is sock]:
            del self.bound[name]

    def _clashing(self, name: Any) -> list[Any]:
        if not _is_internet(name):
            return [] if isinstance(name, tuple) else [name]  # real files do not clash
        host, port = name
        if host not in _ANY:
            return [name, ("::" if ":" in host else "0.0.0.0", port)]
        return [
            other
            for other in self.bound
            if _is_internet(other) and other[1] == port and (":" in other[0]) == (":" in host)
        ]

    def listener(self, name: Any) -> SimSocket | None:
        """Who accepts connections to ``name``."""
        names = [name]
        if _is_internet(name):
            host, port = name
            names += [("::", port)] if ":" in host else [("0.0.0.0", port), ("::", port)]
        for one in names:
            sock = self.bound.get(one)
            if sock is not None and sock.state == "listening":
                if one[0] == "::" and ":" not in name[0] and sock.option(*_V6ONLY):
                    continue
                return sock
        return None

    # -- connecting --------------------------------------------------------------------------

    def delay(self) -> float:
        """How long the next packet takes."""
        faults = self.faults
        if faults.stall and self.roll(faults.stall, "stall"):
            return self.kernel.rng.uniform(*faults.stall_time)
        low, high = faults.latency
        return self.kernel.rng.uniform(low, high) if high else 0.0

    def syn(self, client: SimSocket, name: Any, tries: int = 0) -> None:
        """A connection request arrives."""
        if client.state != "connecting":
            return
        listener = self.listener(name)
        node = listener.node if listener is not None else self.dark.get(name)
        if node is not None and self._lost(client.node, node, listener):
            if tries >= _SYN_RETRIES:
                client.connect_failed(errno.ETIMEDOUT)
                return
            self.kernel.sometimes["connection request lost"] += 1
            self.kernel.after(2.0**tries, lambda: self.syn(client, name, tries + 1))
        elif listener is None or self.roll(self.faults.refused, "refused"):
            self.kernel.after(self.delay(), lambda: client.connect_failed(errno.ECONNREFUSED))
        else:
            listener.welcome(client)

    def _lost(self, source: str, node: str, listener: SimSocket | None) -> bool:
        return listener is None or listener.backlog_full() or self.is_cut(source, node)

    def deliver(self, data: bytes, source: Any, address: Any) -> None:
        """A datagram has come to everybody whom it is for, if there is anybody."""
        for sock in [sock for sock in self.datagrams if sock.takes(address)]:
            sock.arrive(data, source)

    # -- cuts --------------------------------------------------------------------------------

    def is_cut(self, source: str, target: str) -> bool:
        """Whether packets from ``source`` to ``target`` are lost."""
        cut = (source, target) in self._cuts
        return cut or source in self._clogged or target in self._clogged

    def partition(self, one: str, other: str, *, both_ways: bool = True) -> None:
        """Lose all packets between two nodes; TCP keeps trying, so data waits."""
        self.kernel.note("net", f"partition {one} {other}")
        self._cuts.add((one, other))
        if both_ways:
            self._cuts.add((other, one))

    def clog(self, node: str) -> None:
        """Cut a node off from everybody, itself included."""
        self.kernel.note("net", f"clog {node}")
        self._clogged.add(node)

    def heal(self, *nodes: str) -> None:
        """End all partitions and clogs, or those which touch one of ``nodes``."""
        self.kernel.note("net", "heal " + " ".join(nodes))
        self._clogged -= set(nodes or self._clogged)
        self._cuts = {cut for cut in self._cuts if nodes and not set(cut) & set(nodes)}
        for name, node in list(self.dark.items()):
            if not nodes or node in nodes:
                del self.dark[name]
        held, self._held = list(self._held), {}
        for wire in held:
            wire.resume(self.kernel.rng.uniform(0.0, 0.2))

    def hold(self, wire: Wire) -> None:
        """The packets on this wire wait for `heal`."""
        self._held[wire] = None

    # -- ends --------------------------------------------------------------------------------

    def reset(self, sock: SimSocket) -> None:
        """Reset a connection, as a stateful firewall might: both sides learn of it."""
        sock.abort(errno.ECONNRESET)

    def kill(self, node: str, how: str = "fin") -> None:
        """End a process: its tasks crash, its descriptors go.

        ``fin``: the system closes its connections; ``rst``: it resets them; ``silent``: the machine
        is gone, nobody hears of it until `heal`; from then on it answers old connections with
        resets.
        """
        if how not in {"fin", "rst", "silent"}:
            raise SimError(f"no such end: {how}")
        self.kernel.note("net", f"kill {node} {how}")
        for task in self.kernel.tasks:
            if task.node == node:
                self.kernel.kill(task)
        if how == "silent":
            self.clog(node)
            names = [name for name, sock in self.bound.items() if sock.node == node]
            self.dark.update(dict.fromkeys(names, node))
        for pollable in self.descriptors(node):
            if isinstance(pollable, SimSocket) and how == "rst":
                pollable.abort()
            if isinstance(pollable, SimSocket) and how == "silent":
                pollable.vanish()
            pollable.drop()


def _is_internet(name: Any) -> bool:
    return isinstance(name, tuple) and len(name) == 2
