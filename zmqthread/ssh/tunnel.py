"""What pyzmq has in ``zmq.ssh.tunnel``: sockets that connect through an ssh server."""

from __future__ import annotations

import socket as _socket
import sys
from contextlib import ExitStack
from multiprocessing import Process
from typing import Any, Literal, Protocol, overload

from zmqthread.ssh import openssh, process
from zmqthread.ssh.errors import MaxRetryExceeded, SSHException
from zmqthread.ssh.openssh import openssh_tunnel
from zmqthread.ssh.places import LOOPBACK, parse_address
from zmqthread.ssh.process import paramiko_tunnel

__all__ = [
    "MaxRetryExceeded",
    "SSHException",
    "open_tunnel",
    "openssh_tunnel",
    "paramiko_tunnel",
    "select_random_ports",
    "ssh_tunnel",
    "try_passwordless_ssh",
    "tunnel_connection",
]


class _Connects(Protocol):
    def connect(self, addr: str, /) -> Any: ...


@overload
def tunnel_connection(
    socket: _Connects,
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    *,
    paramiko: Literal[True],
    timeout: int = 60,
) -> Process: ...
@overload
def tunnel_connection(
    socket: _Connects,
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    *,
    paramiko: Literal[False],
    timeout: int = 60,
) -> int: ...
@overload
def tunnel_connection(
    socket: _Connects,
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    paramiko: bool | None = None,
    timeout: int = 60,
) -> Process | int: ...
def tunnel_connection(  # noqa: PLR0913, PLR0917 - pyzmq's parameters
    socket: _Connects,
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    paramiko: bool | None = None,
    timeout: int = 60,
) -> Process | int:
    """Connect a socket to an address that only an ssh server can reach.

    Args:
        socket: gets connected to the near end of a new tunnel.
        addr: ``tcp://host:port``, as the server sees it.
        server: ``[user@]host[:port]``; for OpenSSH also an alias of its configuration.
        keyfile: the private key to log in with, besides those that ssh knows.
        password: of the user, or of the key. None: it is asked for where one is needed.
        paramiko: whether to use paramiko instead of the program ssh. None: on Windows only.
        timeout: seconds for which an unused tunnel stays, see `openssh_tunnel`.

    Returns:
        As of `openssh_tunnel` a process number, as of `paramiko_tunnel` a process.

    Raises:
        ValueError: an argument cannot be meant.
        SSHException: the tunnel has not come about, see there.
        ImportError: paramiko or pexpect is needed and not installed.
    """
    url, tunnel = open_tunnel(addr, server, keyfile, password, paramiko, timeout)
    socket.connect(url)
    return tunnel


@overload
def open_tunnel(
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    *,
    paramiko: Literal[True],
    timeout: int = 60,
) -> tuple[str, Process]: ...
@overload
def open_tunnel(
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    *,
    paramiko: Literal[False],
    timeout: int = 60,
) -> tuple[str, int]: ...
@overload
def open_tunnel(
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    paramiko: bool | None = None,
    timeout: int = 60,
) -> tuple[str, Process | int]: ...
def open_tunnel(
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    paramiko: bool | None = None,
    timeout: int = 60,
) -> tuple[str, Process | int]:
    """Make a tunnel to an address, as `tunnel_connection` does.

    Returns:
        The address to connect to, and what `tunnel_connection` returns.
    """
    target = parse_address(addr)
    (lport,) = select_random_ports(1)
    make = paramiko_tunnel if _by_paramiko(paramiko) else openssh_tunnel
    tunnel = make(lport, target.port, server, target.host, keyfile, password, timeout)
    return f"tcp://{LOOPBACK}:{lport}", tunnel


def try_passwordless_ssh(server: str, keyfile: str | None, paramiko: bool | None = None) -> bool:
    """Whether a server lets us in without a password.

    Args:
        server: ``[user@]host[:port]``.
        keyfile: the private key to log in with, besides those that ssh knows.
        paramiko: whether to use paramiko instead of the program ssh. None: on Windows only.

    Raises:
        ValueError: an argument cannot be meant.
        SSHException: an unknown host, or one that cannot be reached.
        ImportError: paramiko is asked for and not installed.
    """
    way = process.passwordless if _by_paramiko(paramiko) else openssh.passwordless
    return way(server, keyfile)


def select_random_ports(n: int) -> list[int]:
    """Return so many TCP ports that are free on all interfaces now; somebody may take them."""
    with ExitStack() as stack:
        # All are held until the last is found, so that none comes twice.
        probes = [stack.enter_context(_socket.socket()) for _ in range(n)]
        for probe in probes:
            probe.bind(("", 0))
        return [probe.getsockname()[1] for probe in probes]


def _by_paramiko(wish: bool | None) -> bool:
    return sys.platform == "win32" if wish is None else wish


ssh_tunnel = paramiko_tunnel if sys.platform == "win32" else openssh_tunnel
