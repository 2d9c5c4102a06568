"""A proxy whose copies say which side they came from, and which joins two ROUTERs."""

from __future__ import annotations

from zmqthread.api.poller import Poller
from zmqthread.api.socket import Socket
from zmqthread.constants import POLLIN, SocketType
from zmqthread.devices.proxies import ProcessProxy, Proxy, ProxyBase, ThreadProxy


def monitored_queue(
    in_socket: Socket,
    out_socket: Socket,
    mon_socket: Socket,
    in_prefix: bytes = b"in",
    out_prefix: bytes = b"out",
) -> None:
    """Pass messages between two sockets until the context is terminated.

    Args:
        in_socket: one side.
        out_socket: the other side.  If both are ROUTERs the first two frames change places: the
            sender has to name its addressee in the first.
        mon_socket: gets every message, after a frame that says where it came from.
        in_prefix: that frame for what came from ``in_socket``.
        out_prefix: that frame for what came from ``out_socket``.

    Raises:
        ContextTerminated: the context was terminated: the ordinary end.
        ZMQError: ENOTSOCK: one of the sockets was closed; or what sending raises.
    """
    swaps = in_socket.type == SocketType.ROUTER == out_socket.type
    ways = {in_socket: (out_socket, in_prefix), out_socket: (in_socket, out_prefix)}
    poller = Poller()
    for source in ways:
        poller.register(source, POLLIN)
    while True:
        for source, _ in poller.poll():
            sink, prefix = ways[source]
            message = source.recv_multipart()
            if swaps:
                message[:2] = message[1::-1]
            sink.send_multipart(message)
            mon_socket.send_multipart([prefix, *message])


class MonitoredQueueBase(ProxyBase):
    """The part that is the same wherever a monitored queue runs; see `monitored_queue`."""

    def __init__(
        self,
        in_type: int,
        out_type: int,
        mon_type: int = SocketType.PUB,
        in_prefix: bytes = b"in",
        out_prefix: bytes = b"out",
    ) -> None:
        super().__init__(in_type, out_type, mon_type)
        self._in_prefix = in_prefix
        self._out_prefix = out_prefix

    def run_device(self) -> None:
        """Make the sockets and hand messages over."""
        ins, outs, mons = self._setup_sockets()
        monitored_queue(ins, outs, mons, self._in_prefix, self._out_prefix)


class MonitoredQueue(MonitoredQueueBase, Proxy):
    """A monitored queue in the calling thread."""


class ThreadMonitoredQueue(MonitoredQueueBase, ThreadProxy):
    """A monitored queue in a thread of its own."""


class ProcessMonitoredQueue(MonitoredQueueBase, ProcessProxy):
    """A monitored queue in a process of its own."""
