"""Fixtures of the tunnels: a server of our own, clients that do not see the user's files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.ssh.server import Sshd, missing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _running() -> Iterator[Sshd]:
    if why := missing():
        pytest.skip(why)
    with Sshd() as made:
        yield made


@pytest.fixture
def sshd(_running: Sshd, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    """Give a server whose key the clients know."""
    monkeypatch.setenv("PATH", f"{_running.directory}/bin{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(_running.home))  # where paramiko looks
    for name in ("SSH_AUTH_SOCK", "PYZMQ_PARAMIKO_HOST_KEY_POLICY"):
        monkeypatch.delenv(name, raising=False)
    _running.trust()
    yield _running
    _running.end_commands()
