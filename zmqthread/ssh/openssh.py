"""Tunnels by the program ssh, whose configuration holds: hosts, keys, jumps, known hosts."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from getpass import getpass
from typing import Any, Final, Self

from zmqthread.ssh.errors import START_TIME, MaxRetryExceeded, TunnelError
from zmqthread.ssh.places import (
    LOOPBACK,
    Server,
    checked_keyfile,
    checked_port,
    make_target,
    parse_server,
    whole_seconds,
)

#: How often a person may mistype a password.
TRIES: Final = 3
#: How many questions ssh may have in one login: for each key, and for the server's own methods.
QUESTIONS: Final = 10
#: Seconds after which it is looked whether ssh has gone to the background. What stays there keeps
#: the terminal open, so that there is no end of it to be read.
LOOK_TIME: Final = 0.05
#: Seconds that the end of the program waits for a shared connection to take its tunnel down.
CANCEL_TIME: Final = 5.0
#: ssh's own errors; every other status is that of what it ran.
FAILED: Final = 255

_PID: Final = re.compile(r"\(pid=(\d+)\)")
_QUESTION: Final = re.compile(rb"\(yes/no(/\[fingerprint\])?\)\? ?$")
_PROMPT: Final = re.compile(rb"[^\r\n]*pass(word|phrase)[^\r\n]*: ?$", re.IGNORECASE)

# A tunnel needs neither our agent nor our screen. Without ERROR a server could put a text of its
# own choice before the prompts that are looked for.
_ALWAYS: Final = ("-a", "-x", "-T", "-o", "LogLevel=ERROR")
_ASK_NOTHING: Final = ("-o", "BatchMode=yes")
_ALL_OR_NOTHING: Final = ("-o", "ExitOnForwardFailure=yes")
# Once for each kind of question: what was refused will be refused again.
_ASK_ONCE: Final = ("-o", "NumberOfPasswordPrompts=1")


@dataclass(frozen=True, slots=True)
class Login:
    """Begins every command line for one server."""

    server: Server
    keyfile: str | None

    @classmethod
    def parse(cls, server: str, keyfile: str | None) -> Self:
        """Make one of what a program passed; ValueError if it is malformed."""
        return cls(parse_server(server), checked_keyfile(keyfile))

    def command(self, *options: str, run: tuple[str, ...] = ()) -> list[str]:
        """Return the arguments of ssh, its own name first; nothing of it goes through a shell."""
        key = () if self.keyfile is None else ("-i", self.keyfile)
        port = () if self.server.port is None else ("-p", str(self.server.port))
        return ["ssh", *_ALWAYS, *options, *key, *port, "--", self.server.login, *run]


def openssh_tunnel(  # noqa: PLR0913, PLR0917 - pyzmq's parameters
    lport: int,
    rport: int,
    server: str,
    remoteip: str = "127.0.0.1",
    keyfile: str | None = None,
    password: str | None = None,
    timeout: int = 60,
) -> int:
    """Have ssh listen on port ``lport`` of 127.0.0.1 and forward to ``remoteip:rport``.

    A connection that ssh shares (ControlMaster) is used if there is one. Otherwise ssh goes to the
    background, where it outlives the program: it ends when ``timeout`` is over and the last
    connection through it closed. A host whose key is not known is refused, unless ssh's
    configuration says otherwise.

    Args:
        lport: on this machine.
        rport: the port that the server is to connect to.
        server: ``[user@]host[:port]``, or an alias of ssh's configuration.
        remoteip: the host that the server is to connect to: its own loopback by default.
        keyfile: the private key to log in with, besides those that ssh knows.
        password: of the user, or of the key. None: it is asked for where ssh needs one.
        timeout: seconds for which the tunnel stays when nothing uses it.

    Returns:
        The number of the process that forwards.

    Raises:
        ValueError: an argument cannot be meant.
        SSHException: no login, an unknown host, or the port is taken.
        MaxRetryExceeded: no answer within a minute, or wrong passwords.
        ImportError: a password is needed, which takes pexpect (the extra ``ssh``).
        FileNotFoundError: there is no ssh.
    """
    login = Login.parse(server, keyfile)
    target = make_target(remoteip, rport)
    forward = f"{LOOPBACK}:{checked_port('lport', lport)}:{target.text}"
    sleep = ("sleep", str(whole_seconds(timeout)))
    pid = _shared(login, forward)
    return _own(login, forward, sleep, password) if pid is None else pid


def passwordless(server: str, keyfile: str | None) -> bool:
    """Whether ssh logs in without asking for anything.

    Raises:
        SSHException: an unknown host, or one that cannot be reached.
    """
    login = Login.parse(server, keyfile)
    status, said = _run(login.command(*_ASK_NOTHING, run=("exit",)))
    if status == FAILED and not _denied(said):
        raise _failure(login, said)
    return status != FAILED


def _shared(login: Login, forward: str) -> int | None:
    """Send the tunnel through a connection that is there; None if there is none that does it."""
    pid = _master(login.command("-O", "check"))
    if pid is None or _run(login.command("-O", "forward", "-L", forward))[0]:
        return None
    # The connection is somebody else's and stays.
    atexit.register(_cancel, login.command("-O", "cancel", "-L", forward))
    return pid


def _cancel(command: list[str]) -> None:
    try:
        _run(command, CANCEL_TIME)
    except (MaxRetryExceeded, OSError):
        pass  # what is left of it ends with the connection


def _own(login: Login, forward: str, sleep: tuple[str, ...], password: str | None) -> int:
    """Start a connection for this tunnel only."""
    # What ssh forks into the background tells its number through a control socket, and only there.
    with tempfile.TemporaryDirectory(prefix="ssh", ignore_cleanup_errors=True) as folder:
        control = ("-S", f"{folder}/c")
        options = ("-f", "-M", *control, "-o", "ControlPersist=no", *_ALL_OR_NOTHING)
        _log_in(login, (*options, "-L", forward), sleep, password)
        pid = _master(login.command(*control, "-O", "check"))
    if pid is None:
        raise TunnelError(f"the tunnel through {login.server.login} ended as soon as it was there")
    return pid


def _master(command: list[str]) -> int | None:
    status, said = _run(command)
    found = _PID.search(said)
    return int(found[1]) if found and not status else None


def _log_in(
    login: Login, options: tuple[str, ...], run: tuple[str, ...], password: str | None
) -> None:
    if password is None:
        status, said = _run(login.command(*_ASK_NOTHING, *options, run=run))
        if not status:
            return
        if not _denied(said):
            raise _failure(login, said)
    command = login.command(*_ASK_ONCE, *options, run=run)
    for _ in range(TRIES):
        status, said, asked = _converse(login, command, password)
        if not status:
            return
        if password is not None or not (asked and _denied(said)):
            raise _failure(login, said)
    raise MaxRetryExceeded(f"{login.server.login} refused {TRIES} passwords")


def _environment() -> dict[str, str]:
    """Return ours, without the windows that would ask for passwords instead of us."""
    kept = {name: value for name, value in os.environ.items() if name != "SSH_ASKPASS"}
    return {**kept, "SSH_ASKPASS_REQUIRE": "never"}


def _run(command: list[str], patience: float = START_TIME) -> tuple[int, str]:
    """Run what asks nothing; return its status and what it printed."""
    # A file, not a pipe: ssh in the background may keep it open.
    with tempfile.TemporaryFile() as said:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=_environment(),
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise MaxRetryExceeded(f"ssh was not done after {patience:g} s") from None
        said.seek(0)
        status = FAILED if done.returncode < 0 else done.returncode  # below 0: a signal's number
        return status, said.read().decode(errors="replace")


def _converse(login: Login, command: list[str], password: str | None) -> tuple[int, str, bool]:
    """Run ssh on a terminal and answer it; return status, what it printed, whether it asked."""
    try:
        import pexpect
    except ImportError:
        raise ImportError(
            f"{login.server.login} lets nobody in without a password or another key, and to hand "
            "a password to ssh takes pexpect: pip install 'zmqthread[ssh]'"
        ) from None
    # ssh's parent half, which leads the session, may end before the other half has left it.
    ssh = pexpect.spawn(command[0], command[1:], env=_environment(), ignore_sighup=True)
    try:
        said, asked = _answer(ssh, (pexpect.EOF, pexpect.TIMEOUT), password)
        status = ssh.wait()
        return FAILED if status is None else status, said, asked  # None: a signal has ended it
    finally:
        ssh.close(force=True)


def _answer(ssh: Any, ends: tuple[Any, Any], password: str | None) -> tuple[str, bool]:
    """Answer until the other side has hung up; return what it said, and whether it asked."""
    said = b""
    secrets: list[bytes] = []
    for count in range(QUESTIONS):
        found = _wait(ssh, [*ends, _QUESTION, _PROMPT])
        said += ssh.before
        if found == 0:
            # A server may have what is typed shown.
            for secret in filter(None, secrets):
                said = said.replace(secret, b"***")
            return said.decode(errors="replace"), count > 0
        if found == 1:
            raise MaxRetryExceeded(f"ssh was not done after {START_TIME:g} s")
        if found == 2:
            raise TunnelError("the host's key is not known: let ssh know it (known_hosts) first")
        given = getpass(ssh.match[0].decode(errors="replace")) if password is None else password
        secrets.append(given.encode())
        ssh.sendline(given)
    raise MaxRetryExceeded(f"ssh had more than {QUESTIONS} questions")


def _wait(ssh: Any, patterns: list[Any]) -> int:
    """Return which pattern came; 1, the time-out, if `START_TIME` is over."""
    deadline = time.monotonic() + START_TIME
    while True:
        found: int = ssh.expect(patterns, timeout=LOOK_TIME)
        if found != 1 or time.monotonic() > deadline:
            return found


def _denied(said: str) -> bool:
    return "Permission denied" in said


def _failure(login: Login, said: str) -> TunnelError:
    reason = " ".join(said.split()) or "ssh did not say why"
    return TunnelError(f"no tunnel through {login.server.login}: {reason}")
