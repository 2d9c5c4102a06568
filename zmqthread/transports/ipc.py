"""ipc: streams between processes of one machine, by path or by abstract name."""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from zmqthread.constants import Errno
from zmqthread.endpoint import IpcEndpoint
from zmqthread.transports.interface import Target
from zmqthread.transports.ipc_file import AF_UNIX, SocketFile, make_directory, short_enough
from zmqthread.transports.stream import (
    StreamConnecting,
    StreamListener,
    adopt,
    refused,
    refused_by_system,
    start,
)
from zmqthread.transports.tuning import tune

#: The send buffer where SNDBUF does not say.  The system's 208 KiB do not grow as those of tcp do,
#: and a message of 1 MiB went in five pieces with a wake-up at each end for each.
_SNDBUF = 1 << 19


class Credentials(NamedTuple):
    """Who is at the other end, as the kernel saw it when the connection was made."""

    pid: int
    uid: int
    gid: int


def listen(endpoint: IpcEndpoint, options: Any, seams: Any) -> StreamListener:
    """Bind and listen.

    A path is taken over from a server that died, never from one that lives.

    Raises:
        ZMQError: EADDRINUSE, ENOENT, EACCES, ENAMETOOLONG; EPROTONOSUPPORT without local sockets.
    """

    def admit(connection: Any, _address: Any) -> str | None:
        return _admit(connection, options)

    if AF_UNIX < 0:
        raise refused(Errno.EPROTONOSUPPORT, "there are no local sockets here", endpoint.text)
    if options.use_fd >= 0:
        sock = adopt(options.use_fd, (AF_UNIX,), endpoint.text)
        return StreamListener(sock, _last_endpoint(sock.getsockname()), admit)
    try:
        if endpoint.abstract:
            return StreamListener(_abstract(endpoint, options, seams), endpoint.text, admit)
        file = _socket_file(endpoint, options, seams)
    except OSError as error:
        raise refused_by_system(error, endpoint.text) from error
    return StreamListener(file.socket, f"ipc://{file.path}", admit, file.remove)


def dial(
    endpoint: IpcEndpoint, options: Any, seams: Any, addresses: Sequence[Target] | None = None
) -> StreamConnecting:
    """Start one attempt to connect; it is over at once.

    Raises:
        OSError: it failed: ENOENT, ECONNREFUSED, EACCES; EAGAIN if the backlog is full.
    """

    def prepare(_target: Target) -> Any:
        return _tuned(options, seams)

    return start(numeric(endpoint, options) if addresses is None else addresses, prepare)


def numeric(endpoint: IpcEndpoint, _options: Any) -> list[Target]:
    """Return where to connect; there is nothing to look up."""
    return [Target(AF_UNIX, _sun_path(endpoint.path))]


def resolve(endpoint: IpcEndpoint, options: Any) -> list[Target]:
    """Return where to connect; there is nothing to look up."""
    return numeric(endpoint, options)


def credentials(connection: Any) -> Credentials | None:
    """Return who is at the other end, or None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    # struct ucred of Linux
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
    return Credentials(*struct.unpack("iII", raw))


def groups_of(pid: int) -> frozenset[int]:
    """Return the supplementary groups of a process; none if it is gone or out of sight.

    The number may have passed to another process since the connection was made, if its first
    owner ended; the user and group that the kernel gives with it are safe from that.
    """
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("Groups:"):
                    return frozenset(map(int, line.split()[1:]))
    except OSError:
        pass
    return frozenset()


def _sun_path(path: str) -> bytes:
    raw = os.fsencode(path)
    return b"\0" + raw[1:] if raw.startswith(b"@") else raw


def _last_endpoint(name: str | bytes) -> str:
    if isinstance(name, bytes):  # abstract names come as octets, for their leading NUL
        return f"ipc://@{os.fsdecode(name[1:])}" if name else "ipc://"
    return f"ipc://{name}"


def _tune(sock: Any, options: Any) -> None:
    tune(sock, options)
    if options.sndbuf < 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SNDBUF)


def _tuned(options: Any, seams: Any) -> Any:
    sock = seams.socket(AF_UNIX, socket.SOCK_STREAM)
    try:
        _tune(sock, options)
    except BaseException:
        sock.close()
        raise
    return sock


def _abstract(endpoint: IpcEndpoint, options: Any, seams: Any) -> Any:
    if sys.platform != "linux":
        raise OSError(Errno.EINVAL, "abstract names ('@') exist on Linux only")
    sock = _tuned(options, seams)
    try:
        sock.bind(_sun_path(endpoint.path))
        sock.listen(options.backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _socket_file(endpoint: IpcEndpoint, options: Any, seams: Any) -> SocketFile:
    if not endpoint.wildcard:
        return SocketFile(_tuned(options, seams), endpoint.path, options, seams)
    directory = make_directory(seams.random)
    try:
        path = short_enough(os.path.join(directory, "socket"))
        return SocketFile(_tuned(options, seams), path, options, seams, directory)
    except BaseException:
        os.rmdir(directory)
        raise


def _admit(connection: Any, options: Any) -> str | None:
    peer = credentials(connection)
    if not _wanted(peer, options):
        return None
    _tune(connection, options)
    return _show(peer)


def peer_address(connection: Any, _name: Any = None) -> str:
    """Return the Peer-Address of a connected stream: "localhost:uid:gid:pid" if that is known."""
    return _show(credentials(connection))


def _show(peer: Credentials | None) -> str:
    return "localhost" if peer is None else f"localhost:{peer.uid}:{peer.gid}:{peer.pid}"


def _wanted(peer: Credentials | None, options: Any) -> bool:
    """Without a filter everybody may come in; with some, whom any of them lists."""
    uids, gids, pids = options.ipc_filter_uid, options.ipc_filter_gid, options.ipc_filter_pid
    if not (uids or gids or pids):
        return True
    if peer is None:
        return False
    if peer.uid in uids or peer.gid in gids or peer.pid in pids:
        return True
    return bool(gids) and not groups_of(peer.pid).isdisjoint(gids)
