"""Tunnels by paramiko, each in a process of its own; for machines without the program ssh."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from getpass import getpass
from multiprocessing import Pipe, Process, connection, parent_process
from typing import TYPE_CHECKING, Any, Final

from zmqthread.ssh.errors import START_TIME, MaxRetryExceeded, SSHException, TunnelError
from zmqthread.ssh.forward import serve
from zmqthread.ssh.places import (
    LOOPBACK,
    Server,
    Target,
    checked_keyfile,
    checked_port,
    make_target,
    parse_server,
    whole_seconds,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

#: Names what to do about hosts whose keys are not known.
POLICY_VARIABLE: Final = "PYZMQ_PARAMIKO_HOST_KEY_POLICY"
#: By their names without "Policy". Not MissingHostKey, the base class, which accepts everybody.
POLICIES: Final = ("AutoAdd", "Reject", "Warning")
#: Seconds for each step of a login: the connection, the server's first line, the proof.
STEP_TIME: Final = 20.0
KNOWN_HOSTS: Final = "~/.ssh/known_hosts"
SSH_PORT: Final = 22


def paramiko_tunnel(  # noqa: PLR0913, PLR0917 - pyzmq's parameters
    lport: int,
    rport: int,
    server: str,
    remoteip: str = "127.0.0.1",
    keyfile: str | None = None,
    password: str | None = None,
    timeout: int = 60,
) -> Process:
    """Listen on port ``lport`` of 127.0.0.1 and forward to ``remoteip:rport``.

    Hosts whose keys are not in ``~/.ssh/known_hosts`` are refused, unless the environment variable
    PYZMQ_PARAMIKO_HOST_KEY_POLICY is "AutoAdd" or "Warning". ssh's other files are not read.

    Args:
        lport: on this machine.
        rport: the port that the server is to connect to.
        server: ``[user@]host[:port]``.
        remoteip: the host that the server is to connect to: its own loopback by default.
        keyfile: the private key to log in with, besides those of the agent and of ``~/.ssh``.
        password: of the user, or of the key. None: it is asked for if none of the keys will do.
        timeout: seconds, checked and not used, as in pyzmq: the tunnel stays until the program or
            the connection to the server ends.

    Returns:
        The process that forwards: `terminate` ends the tunnel.

    Raises:
        ValueError: an argument, or the variable, cannot be meant.
        SSHException: no login, or an unknown host.
        MaxRetryExceeded: no answer within a minute.
        ImportError: there is no paramiko (the extra ``ssh``).
        OSError: the local port is taken.
    """
    where, target = parse_server(server), make_target(remoteip, rport)
    key = checked_keyfile(keyfile)
    checked_port("lport", lport)
    whole_seconds(timeout)
    if password is None and not passwordless(server, keyfile):
        password = getpass(f"{where.login}'s password: ")
    _paramiko()
    # Here, so that it is the caller who hears of a port that is taken.
    with socket.create_server((LOOPBACK, lport)) as listener:
        return _start(listener, target, (where, key, password))


def passwordless(server: str, keyfile: str | None) -> bool:
    """Whether one of the keys opens the server.

    Raises:
        SSHException: an unknown host, or one that cannot be reached.
    """
    paramiko = _paramiko()
    try:
        client = _connect(parse_server(server), checked_keyfile(keyfile), None)
    except paramiko.AuthenticationException:
        return False
    except SSHException as error:
        # paramiko's words when there is no key at all, for which it has no class.
        if "No authentication methods" in str(error):
            return False
        raise
    client.close()
    return True


def _paramiko() -> Any:
    try:
        import paramiko
    except ImportError:
        raise ImportError(
            "this tunnel takes paramiko: pip install 'zmqthread[ssh]'; "
            "the other one takes the program ssh (paramiko=False)"
        ) from None
    return paramiko


def _policy(paramiko: Any) -> Any:
    name = os.environ.get(POLICY_VARIABLE) or "Reject"
    if name not in POLICIES:
        raise ValueError(f"{POLICY_VARIABLE}={name!r} is none of {', '.join(POLICIES)}")
    return getattr(paramiko, f"{name}Policy")()


def _connect(server: Server, keyfile: str | None, password: str | None) -> Any:
    """Return a ``paramiko.SSHClient`` that has logged in."""
    paramiko = _paramiko()
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_policy(paramiko))
    try:
        # Not load_system_host_keys: what AutoAdd adds is to be there the next time.
        client.load_host_keys(os.path.expanduser(KNOWN_HOSTS))
    except FileNotFoundError:
        pass
    try:
        client.connect(
            server.host,
            server.port or SSH_PORT,
            username=server.user,
            key_filename=keyfile,
            password=password,
            timeout=STEP_TIME,
            banner_timeout=STEP_TIME / 2,  # first, since "No existing session" explains nothing
            auth_timeout=STEP_TIME,
        )
    except BaseException as error:
        client.close()
        if isinstance(error, OSError | EOFError):
            raise TunnelError(f"no connection to {server.login}: {error}") from error
        raise
    _tune(client.get_transport().sock)
    return client


def _tune(sock: socket.socket) -> None:
    """Do as ssh does: send small messages at once, notice a server that is gone."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def _start(
    listener: socket.socket, target: Target, login: tuple[Server, str | None, str | None]
) -> Process:
    """Start the process; return it once the tunnel is there."""
    ours, theirs = Pipe(duplex=False)
    with ours, theirs:
        process = Process(target=_forward, args=(listener, theirs, target, login), daemon=True)
        process.start()
        connection.wait([ours, process.sentinel], START_TIME)
        problem = _problem(ours, process)
    if problem is not None:
        process.kill()
        process.join()
        raise problem
    return process


def _problem(ours: Connection, process: Process) -> TunnelError | None:
    if ours.poll():
        said: str | None = ours.recv()
        return None if said is None else TunnelError(said)
    if process.is_alive():
        return MaxRetryExceeded(f"no tunnel after {START_TIME:g} s")
    return TunnelError(f"the tunnel's process ended with status {process.exitcode}")


def _forward(
    listener: socket.socket,
    theirs: Connection,
    target: Target,
    login: tuple[Server, str | None, str | None],
) -> None:
    """Be the process: log in, say how that went (None is well), forward."""
    # Ctrl-C is for the program; a handler of the program's is not for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        client = _connect(*login)
    except Exception as error:  # each is the caller's to hear
        theirs.send(f"no tunnel through {login[0].login}: {error}")
        return
    theirs.send(None)
    theirs.close()
    threading.Thread(target=_end_with_parent, args=(client,), daemon=True).start()
    serve(listener, target.host, target.port, client.get_transport())
    sys.exit(1)


def _end_with_parent(client: Any) -> None:
    """Close the connection if the program ends without ending us, which takes a SIGKILL."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        client.close()
