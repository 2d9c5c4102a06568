"""An sshd on loopback, in a directory: Debian's openssh-server and openssh-client."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.support import LOOPBACK, free_port, seconds

PASSPHRASE = "correct horse battery"
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
_PACKAGES = {"sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}
#: Where sshd shuts itself in when it is root's; its package makes it when the service starts.
_PRIVATE = Path("/run/sshd")

SSHD_CONFIG = """
ListenAddress {host}:{port}
HostKey {directory}/host
AuthorizedKeysFile {directory}/authorized
StrictModes no
UsePAM no
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
LoginGraceTime 60
MaxStartups 100
ForceCommand {directory}/record
"""
SSH_CONFIG = """
Host alias
    HostName {host}
    Port {port}
Host *
    UserKnownHostsFile {directory}/home/.ssh/known_hosts
    GlobalKnownHostsFile /dev/null
    IdentityFile {directory}/none
    IdentitiesOnly yes
    IdentityAgent none
"""
# What is run for a client, noted so that it can be ended: sshd leaves it to itself.
RECORD = """#!/bin/sh
echo $$ >>{directory}/run
exec $SSH_ORIGINAL_COMMAND
"""
# First on the path; notes its arguments.
WRAPPER = """#!/bin/sh
echo "$@" >>{directory}/said
exec {ssh} -F {directory}/ssh_config "$@"
"""


def _kill_children(parent: int) -> None:
    for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            _kill_children(int(number))
            os.kill(int(number), signal.SIGKILL)


def missing() -> str:
    """Say what would bring what is not here, "" if all is."""
    absent = {package for tool, package in _PACKAGES.items() if not shutil.which(tool, path=_PATH)}
    return f"needs {' and '.join(sorted(absent))}" if absent else ""


class Sshd:
    """Runs while in a ``with`` block. Its keys: good, locked (with the passphrase) and wrong."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="sshd"))
        self.home = self.directory / "home"
        self.known_hosts = self.home / ".ssh" / "known_hosts"
        self.port = free_port()
        self.server = f"{getpass.getuser()}@{LOOPBACK}:{self.port}"
        self._sshd: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._make()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._sshd is not None:
            self._sshd.kill()
            self._sshd.wait()
        self.end_commands()
        shutil.rmtree(self.directory)

    def key(self, name: str) -> str:
        """Return the path of a private key."""
        return str(self.directory / name)

    def trust(self) -> None:
        """Have the clients know the host's key."""
        public = (self.directory / "host.pub").read_text()
        self.known_hosts.write_text(f"[{LOOPBACK}]:{self.port} {public}")

    def distrust(self) -> None:
        """Have them know no host's key."""
        self.known_hosts.write_text("")

    def end_commands(self) -> None:
        """End what sshd runs for clients that are gone."""
        record = self.directory / "run"
        for number in record.read_text().split() if record.exists() else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGKILL)
        record.unlink(missing_ok=True)

    def end_connections(self) -> None:
        """End every connection from this side."""
        assert self._sshd is not None
        _kill_children(self._sshd.pid)

    def said(self) -> str:
        """Return the arguments of every ssh that has run."""
        return (self.directory / "said").read_text()

    def log(self) -> str:
        """Return what sshd has written."""
        return (self.directory / "log").read_text(errors="replace")

    def _make(self) -> None:
        self.known_hosts.parent.mkdir(parents=True)
        self.distrust()
        keys = (("host", ""), ("good", ""), ("wrong", ""), ("locked", PASSPHRASE))
        for name, passphrase in keys:
            self._run("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", self.key(name))
        public = (self.directory / f"{name}.pub" for name in ("good", "locked"))
        (self.directory / "authorized").write_text("".join(path.read_text() for path in public))
        fill = {"host": LOOPBACK, "port": self.port, "directory": self.directory}
        fill["ssh"] = shutil.which("ssh", path=_PATH) or "ssh"
        (self.directory / "sshd_config").write_text(SSHD_CONFIG.format(**fill))
        (self.directory / "ssh_config").write_text(SSH_CONFIG.format(**fill))
        (self.directory / "bin").mkdir()
        self._script(self.directory / "record", RECORD.format(**fill))
        self._script(self.directory / "bin" / "ssh", WRAPPER.format(**fill))

    def _script(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, timeout=seconds(20))

    def _start(self) -> None:
        if os.getuid() == 0:
            _PRIVATE.mkdir(mode=0o755, exist_ok=True)
        sshd = shutil.which("sshd", path=_PATH)
        assert sshd is not None
        # sshd starts itself again for each connection, hence the whole path.
        command = [sshd, "-D", "-e", "-f", str(self.directory / "sshd_config")]
        with (self.directory / "log").open("wb") as log:
            self._sshd = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def _wait(self) -> None:
        assert self._sshd is not None
        deadline = time.monotonic() + seconds(20)
        while True:
            try:
                with socket.create_connection((LOOPBACK, self.port), 1) as probe:
                    assert probe.recv(4) == b"SSH-"
            except OSError:
                assert self._sshd.poll() is None, self.log()
                assert time.monotonic() < deadline, f"no sshd: {self.log()}"
                time.sleep(0.02)
            else:
                return
