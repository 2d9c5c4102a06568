"""The flat selector of the core, over simulated descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sim.poll import SimSelector, SimWaker
from tests.sim.task import MACHINERY
from zmqthread.reactor.flat import FlatSelector
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from tests.sim.net import SimNet

MACHINERY.add(__file__)


class SimFlat(FlatSelector):
    """`FlatSelector` with a ``select`` of its own; nothing else is simulated."""

    __slots__ = ("_net", "_node")

    def __init__(self, net: SimNet, node: str) -> None:
        super().__init__(SimWaker(net, node))
        self._net, self._node = net, node

    def register(self, fileobj: Any, events: int, data: Any) -> None:
        self._net.kernel.point("register")
        if not isinstance(fileobj, FlatSelector):
            self._net.find(self._node, fileobj)
        super().register(fileobj, events, data)

    modify = register

    def _wait(
        self, readers: list[int], writers: list[int], timeout: float | None
    ) -> tuple[list[int], list[int]]:
        inner = SimSelector(self._net, self._node)
        try:
            for fd in dict.fromkeys((*readers, *writers)):
                inner.register(fd, (fd in readers) * READ | (fd in writers) * WRITE, fd)
            found = inner.select(timeout)
        finally:
            inner.close()
        return [fd for fd, on in found if on & READ], [fd for fd, on in found if on & WRITE]
