"""The seams of one simulated node, in place of the standard library."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from typing import Any

from tests.sim.datagram import SimDatagramSocket
from tests.sim.flat import SimFlat
from tests.sim.locks import SimLock, SimThread
from tests.sim.net import SimNet
from tests.sim.poll import SimPairedWaker, SimSelector, SimSignal, SimWaker
from tests.sim.stream import SimSocket
from tests.sim.task import MACHINERY
from zmqthread.reactor.seams import Seams

MACHINERY.add(__file__)

_CLOCK_YIELDS = 0.1


class SimSeams(Seams):
    """One process.  Nodes on the same net reach each other and nothing else.

    ``nested=False`` is a system whose selectors cannot be watched, nor edge-triggered.
    ``edge=True`` honours EDGE as epoll does and leaves wakers undrained; otherwise everything is
    level-triggered.
    """

    def __init__(
        self, net: SimNet, node: str = "main", *, nested: bool = True, edge: bool = False
    ) -> None:
        self.net, self.kernel, self.node = net, net.kernel, node
        self.nested, self.edge = nested, edge and nested
        self.random = random.Random(f"{net.kernel.seed} {node}")
        self.monotonic = self._monotonic
        self.get_ident = net.kernel.ident
        self._frozen_at = self._frozen_until = 0.0
        # As many looks as make a difference: a step of the clock is 1 us.
        self.patience = 4e-6 if net.kernel.seed % 2 else 0.0

    def _monotonic(self) -> float:
        kernel, faults = self.kernel, self.net.faults
        kernel.now += kernel.step_time  # a busy loop on the clock comes to its end
        if kernel.rng.random() < _CLOCK_YIELDS:
            kernel.point("clock")
        if kernel.now < self._frozen_until:
            return self._frozen_at
        if faults.clock_freeze and self.net.roll(faults.clock_freeze, "clock stood still"):
            self._frozen_at = kernel.now
            self._frozen_until = kernel.now + kernel.rng.uniform(0.0, faults.freeze_time)
        return kernel.now

    def selector(self) -> Any:
        if self.nested:
            return SimSelector(self.net, self.node, edge=self.edge)
        return SimFlat(self.net, self.node)

    def expect_descriptors(self, count: int, one: int) -> None:
        """There is no table here."""

    def nap(self, seconds: float) -> None:
        self.kernel.sleep(seconds)

    def give_way(self) -> None:
        self.kernel.point("yield")

    def waker(self) -> Any:
        return SimWaker(self.net, self.node, edge=self.edge)

    def paired_wakers(self) -> Any:
        if self.nested:
            return SimPairedWaker(self.net, self.node), SimPairedWaker(self.net, self.node)
        return None

    def signal(self) -> Any:
        return SimSignal(self.net, self.node)

    def socket(self, family: int, kind: int, proto: int = 0) -> Any:
        self.kernel.point("socket")
        sock: Any
        if kind & 0xF == socket.SOCK_DGRAM:
            sock = SimDatagramSocket(self.net, self.node, family, proto)
        else:
            sock = SimSocket(self.net, self.node, family, kind, proto)
        sock.open_fd()
        return sock

    def lock(self) -> Any:
        return SimLock(self.kernel)

    def start_thread(self, name: str, target: Callable[[], None]) -> Any:
        if self.net.roll(self.net.faults.thread, "no thread"):
            raise RuntimeError("can't start new thread")
        task = self.kernel.spawn(target, name, self.node, service=True)
        self.kernel.point("start_thread")
        return SimThread(task)
