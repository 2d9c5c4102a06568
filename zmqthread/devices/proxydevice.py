"""Devices with a third socket, which gets a copy of every message."""

from __future__ import annotations

from typing import Any

from zmqthread.api.functions import proxy
from zmqthread.api.socket import Socket
from zmqthread.constants import DeviceType, SocketType
from zmqthread.devices.basedevice import Device, Plan, ProcessDevice, ThreadDevice

__all__ = ["ProcessProxy", "Proxy", "ThreadProxy"]


class ProxyBase(Device):
    """The part that is the same wherever a proxy runs.

    Args:
        in_type: the type of the socket that faces the clients.
        out_type: of the one that faces the services.
        mon_type: of the one that gets the copies.
    """

    def __init__(self, in_type: int, out_type: int, mon_type: int = SocketType.PUB) -> None:
        super().__init__(DeviceType.QUEUE, in_type, out_type)
        self.mon_type = mon_type
        self._mon = Plan()

    def bind_mon(self, addr: str) -> None:
        """Have the monitoring socket bound."""
        self._mon.binds.append(addr)

    def bind_mon_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Have the monitoring socket bound to a port that is free now, and return it."""
        return self._bind_to_random_port(self._mon, addr, *args, **kwargs)

    def connect_mon(self, addr: str) -> None:
        """Have the monitoring socket connected."""
        self._mon.connects.append(addr)

    def setsockopt_mon(self, opt: int, value: Any) -> None:
        """Have an option of the monitoring socket set."""
        self._mon.options.append((opt, value))

    def _setup_sockets(self) -> tuple[Socket, ...]:
        sockets = super()._setup_sockets()
        return *sockets, self._make(self.mon_type, self._mon)

    def run_device(self) -> None:
        """Make the sockets and hand messages over."""
        proxy(*self._setup_sockets())


class Proxy(ProxyBase, Device):
    """A proxy in the calling thread."""


class ThreadProxy(ProxyBase, ThreadDevice):
    """A proxy in a thread of its own."""


class ProcessProxy(ProxyBase, ProcessDevice):
    """A proxy in a process of its own."""
