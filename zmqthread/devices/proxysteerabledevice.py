"""Proxies with a fourth socket, to steer them."""

from __future__ import annotations

from typing import Any

from zmqthread.api.functions import proxy_steerable
from zmqthread.api.socket import Socket
from zmqthread.constants import SocketType
from zmqthread.devices.basedevice import Plan
from zmqthread.devices.proxydevice import ProcessProxy, Proxy, ProxyBase, ThreadProxy

__all__ = ["ProcessProxySteerable", "ProxySteerable", "ThreadProxySteerable"]


class ProxySteerableBase(ProxyBase):
    """The part that is the same wherever a steerable proxy runs.

    Args:
        in_type: the type of the socket that faces the clients.
        out_type: of the one that faces the services.
        mon_type: of the one that gets the copies.
        ctrl_type: of the one that takes PAUSE, RESUME, TERMINATE and STATISTICS; None: PAIR.
    """

    def __init__(
        self,
        in_type: int,
        out_type: int,
        mon_type: int = SocketType.PUB,
        ctrl_type: int | None = None,
    ) -> None:
        super().__init__(in_type, out_type, mon_type)
        self.ctrl_type = SocketType.PAIR if ctrl_type is None else ctrl_type
        self._ctrl = Plan()

    def bind_ctrl(self, addr: str) -> None:
        """Have the control socket bound."""
        self._ctrl.binds.append(addr)

    def bind_ctrl_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Have the control socket bound to a port that is free now, and return it."""
        return self._bind_to_random_port(self._ctrl, addr, *args, **kwargs)

    def connect_ctrl(self, addr: str) -> None:
        """Have the control socket connected."""
        self._ctrl.connects.append(addr)

    def setsockopt_ctrl(self, opt: int, value: Any) -> None:
        """Have an option of the control socket set."""
        self._ctrl.options.append((opt, value))

    def _setup_sockets(self) -> tuple[Socket, ...]:
        sockets = super()._setup_sockets()
        return *sockets, self._make(self.ctrl_type, self._ctrl)

    def run_device(self) -> None:
        """Make the sockets and hand messages over until told to stop."""
        proxy_steerable(*self._setup_sockets())


class ProxySteerable(ProxySteerableBase, Proxy):
    """A steerable proxy in the calling thread."""


class ThreadProxySteerable(ProxySteerableBase, ThreadProxy):
    """A steerable proxy in a thread of its own."""


class ProcessProxySteerable(ProxySteerableBase, ProcessProxy):
    """A steerable proxy in a process of its own."""
