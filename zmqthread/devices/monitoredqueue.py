"""A proxy whose copies say which side they came from, and which joins two ROUTERs."""

from __future__ import annotations

from zmqthread.api.poller import Poller
from zmqthread.api.socket import Socket
from zmqthread.constants import POLLIN, SocketType

__all__ = ["monitored_queue"]


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
