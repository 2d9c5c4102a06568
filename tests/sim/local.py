"""Names of local sockets: simulated sockets behind real files.

The code under test looks after its socket files itself, so the file is real, and the simulated
socket is known by the file's inode: links, renames and removals work as they do in the system.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from tests.sim.task import MACHINERY

MACHINERY.add(__file__)


def abstract(address: str | bytes) -> bool:
    """Whether the name has no file."""
    return address[:1] in {"\0", b"\0"}


def make(address: str | bytes) -> Any:
    """Make the file, as bind does, and return the key of the name."""
    if not abstract(address):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as real:
            real.bind(address)
    return find(address)


def find(address: str | bytes) -> Any:
    """Return the key of a name; None if there is no such file."""
    if abstract(address):
        return os.fsencode(address)
    try:
        status = os.stat(address)
    except FileNotFoundError:
        return None
    return (status.st_dev, status.st_ino, "file")
