"""A Kerberos realm on loopback: Debian's krb5-kdc and krb5-admin-server, in a directory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.support import LOOPBACK, free_port, seconds

NAME = "ZMQ.TEST"
SERVICE = f"zmq/localhost@{NAME}"
CLIENT = f"alice@{NAME}"
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
_TOOLS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")

KRB5_CONF = """
[libdefaults]
    default_realm = {name}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
[realms]
    {name} = {{
        kdc = {host}:{port}
    }}
[domain_realm]
    localhost = {name}
"""
KDC_CONF = """
[kdcdefaults]
    kdc_listen = {host}:{port}
    kdc_tcp_listen = {host}:{port}
[realms]
    {name} = {{
        database_name = {directory}/principal
        key_stash_file = {directory}/stash
        max_life = 1h
    }}
[logging]
    kdc = FILE:{directory}/kdc.log
"""


def missing() -> str:
    """Say what is not installed, "" if all is there."""
    absent = [tool for tool in _TOOLS if shutil.which(tool, path=_PATH) is None]
    return f"no {', '.join(absent)}" if absent else ""


class Realm:
    """Runs while in a ``with`` block, in which the environment leads Kerberos to it."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="krb"))
        self.port = free_port()
        self._kdc: subprocess.Popen[bytes] | None = None
        self._before: dict[str, str | None] = {}
        self.environment = {
            "KRB5_CONFIG": f"{self.directory}/krb5.conf",
            "KRB5_KDC_PROFILE": f"{self.directory}/kdc.conf",
            "KRB5_KTNAME": f"FILE:{self.directory}/service.keytab",
            "KRB5CCNAME": f"DIR:{self.directory}/tickets",
            # libzmq's server wants to be able to begin as well as to accept.
            "KRB5_CLIENT_KTNAME": f"FILE:{self.directory}/service.keytab",
            "KRB5RCACHENAME": f"dfl:{self.directory}/replays",
        }

    def __enter__(self) -> Self:
        try:
            for name, value in self.environment.items():
                self._before[name] = os.environ.get(name)
                os.environ[name] = value
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._kdc is not None:
            self._kdc.kill()
            self._kdc.wait()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(self.directory)

    def run(self, *command: str) -> None:
        path = shutil.which(command[0], path=_PATH) or command[0]
        done = subprocess.run(
            [path, *command[1:]], capture_output=True, text=True, check=False, timeout=seconds(20)
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def _make(self) -> None:
        fill = {"name": NAME, "host": LOOPBACK, "port": self.port, "directory": self.directory}
        (self.directory / "tickets").mkdir()
        (self.directory / "krb5.conf").write_text(KRB5_CONF.format(**fill))
        (self.directory / "kdc.conf").write_text(KDC_CONF.format(**fill))
        self.run("kdb5_util", "create", "-s", "-P", "master", "-r", NAME)
        for principal, keytab in ((SERVICE, "service"), (CLIENT, "client")):
            self.run("kadmin.local", "-r", NAME, "addprinc", "-randkey", principal)
            where = f"{self.directory}/{keytab}.keytab"
            self.run("kadmin.local", "-r", NAME, "ktadd", "-k", where, principal)
        kdc = shutil.which("krb5kdc", path=_PATH)
        assert kdc is not None
        self._kdc = subprocess.Popen(
            [kdc, "-n", "-r", NAME], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait()
        self.run("kinit", "-k", "-t", f"{self.directory}/client.keytab", CLIENT)

    def _wait(self) -> None:
        deadline = time.monotonic() + seconds(10)
        while True:
            try:
                socket.create_connection((LOOPBACK, self.port), 1).close()
            except OSError:
                assert time.monotonic() < deadline, "the KDC does not answer"
                time.sleep(0.02)
            else:
                return
