"""Proxies that make their own sockets: in the calling thread, in a thread, in a process."""

from __future__ import annotations

from zmqthread.api.functions import device
from zmqthread.devices.basedevice import Device, ProcessDevice, ThreadDevice
from zmqthread.devices.monitoredqueue import monitored_queue
from zmqthread.devices.monitoredqueuedevice import (
    MonitoredQueue,
    ProcessMonitoredQueue,
    ThreadMonitoredQueue,
)
from zmqthread.devices.proxydevice import ProcessProxy, Proxy, ThreadProxy
from zmqthread.devices.proxysteerabledevice import (
    ProcessProxySteerable,
    ProxySteerable,
    ThreadProxySteerable,
)

__all__ = [
    "Device",
    "MonitoredQueue",
    "ProcessDevice",
    "ProcessMonitoredQueue",
    "ProcessProxy",
    "ProcessProxySteerable",
    "Proxy",
    "ProxySteerable",
    "ThreadDevice",
    "ThreadMonitoredQueue",
    "ThreadProxy",
    "ThreadProxySteerable",
    "device",
    "monitored_queue",
]
