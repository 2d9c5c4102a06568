"""Passwords of users, which an sshd of our own cannot have: the server is paramiko's."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path
from typing import Any

import pytest

from tests.ssh.test_tunnel import ended, wait_until
from tests.support import LOOPBACK, seconds
from zmqthread.ssh import tunnel

paramiko = pytest.importorskip("paramiko", reason="needs paramiko, which the extra ssh brings")
pytest.importorskip("pexpect", reason="needs pexpect, which the extra ssh brings")

pytestmark = [
    pytest.mark.slow,
    # To fork beside threads, which multiprocessing and pexpect do.
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]

PASSWORD = "open sesame"


class Doorkeeper(paramiko.ServerInterface):  # type: ignore[name-defined,misc]
    """Lets in who has the password, and takes any command for one that runs for ever."""

    def __init__(self):
        self.heard = []

    def get_allowed_auths(self, username):
        return "password"

    def check_auth_password(self, username, password):
        self.heard.append(password)
        right = password == PASSWORD
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        self.command = command
        return True


@contextmanager
def guarded(sshd):
    """Give a server that wants a password, its address, and all that it hears."""
    key = paramiko.Ed25519Key.from_private_key_file(sshd.key("host"))
    keeper = Doorkeeper()
    transports: list[Any] = []

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transports.append(paramiko.Transport(connection))
            transports[-1].add_server_key(key)
            transports[-1].start_server(event=threading.Event(), server=keeper)

    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        public = Path(sshd.key("host.pub")).read_text()
        sshd.known_hosts.write_text(f"[{LOOPBACK}]:{port} {public}")
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield keeper, f"user@{LOOPBACK}:{port}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for transport in transports:
                transport.close()


@pytest.mark.parametrize("by_paramiko", [False, True])
def test_a_password_opens(sshd, by_paramiko):
    with guarded(sshd) as (keeper, server):
        _, made = tunnel.open_tunnel(
            "tcp://127.0.0.1:1", server, password=PASSWORD, paramiko=by_paramiko, timeout=20
        )
        if isinstance(made, Process):
            made.terminate()
            made.join(seconds(20))
            made.close()
        else:
            wait_until(lambda: ended(made))
            assert keeper.command == b"sleep 20"
        assert keeper.heard == [PASSWORD]


@pytest.mark.parametrize("by_paramiko", [False, True])
def test_a_wrong_password_is_tried_once_and_told_to_nobody(sshd, by_paramiko, caplog, capfd):
    caplog.set_level("DEBUG")
    with guarded(sshd) as (keeper, server):
        with pytest.raises(tunnel.SSHException) as caught:
            tunnel.open_tunnel(
                "tcp://127.0.0.1:1", server, password="wrong one", paramiko=by_paramiko
            )
        assert keeper.heard == ["wrong one"]
    assert "wrong one" not in f"{caught.value!r}{caplog.text}{capfd.readouterr()}"
    assert by_paramiko or "wrong one" not in sshd.said()


@pytest.mark.parametrize("by_paramiko", [False, True])
def test_that_a_password_is_needed(sshd, by_paramiko):
    with guarded(sshd) as (keeper, server):
        assert not tunnel.try_passwordless_ssh(server, None, by_paramiko)
        assert keeper.heard == []
