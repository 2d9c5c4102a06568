"""What ``ssh -L`` does, on a connection of paramiko's."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from typing import Any, Final

from zmqthread.ssh.places import LOOPBACK

__all__ = ["forward_tunnel"]

log = logging.getLogger("zmqthread")

#: Octets that are read at once.
SIZE: Final = 65536
#: Seconds that the server has for connecting to the target.
CHANNEL_TIME: Final = 60.0


def forward_tunnel(local_port: int, remote_host: str, remote_port: int, transport: Any) -> None:
    """Forward what connects to a port of 127.0.0.1, until the connection to the server ends.

    Args:
        local_port: on this machine.
        remote_host: without brackets, as the server sees it.
        remote_port: on that host.
        transport: a ``paramiko.Transport`` that has logged in.

    Raises:
        OSError: the local port is taken.
    """
    with socket.create_server((LOOPBACK, local_port)) as listener:
        serve(listener, remote_host, remote_port, transport)


def serve(listener: socket.socket, host: str, port: int, transport: Any) -> None:
    """As `forward_tunnel`, for what connects to a listener."""
    ended = threading.Event()
    accepting = threading.Thread(
        target=_accept, args=(listener, ended, host, port, transport), daemon=True
    )
    accepting.start()
    try:
        transport.join()
    finally:
        ended.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        listener.close()
        accepting.join()


def _accept(
    listener: socket.socket, ended: threading.Event, host: str, port: int, transport: Any
) -> None:
    while not ended.is_set():
        try:
            connection, peer = listener.accept()
        except OSError:
            ended.wait(0.1)  # out of descriptors, unless it is the end
            continue
        threading.Thread(
            target=_relay, args=(connection, peer, host, port, transport), daemon=True
        ).start()


def _relay(
    connection: socket.socket, peer: tuple[str, int], host: str, port: int, transport: Any
) -> None:
    """Serve one connection. What cannot be forwarded is closed: ZeroMQ will connect again."""
    with connection:
        # ssh does the same for what it forwards; messages are not to wait for each other.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            channel = transport.open_channel(
                "direct-tcpip", (host, port), peer, timeout=CHANNEL_TIME
            )
        except Exception as error:  # whatever ended the transport comes out here
            log.debug("no way to %s:%d: %r", host, port, error)
            return
        with channel:
            # A thread for each way: either may have to wait for its reader while the other goes on.
            back = threading.Thread(
                target=_copy, args=(channel, connection, connection, channel), daemon=True
            )
            back.start()
            _copy(connection, channel, connection, channel)
            back.join()


def _copy(source: Any, sink: Any, connection: socket.socket, channel: Any) -> None:
    """Copy one way to its end; an error is the end of both ways."""
    try:
        while octets := source.recv(SIZE):
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)
    except OSError as error:
        log.debug("a connection through the tunnel ended: %r", error)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        channel.close()
