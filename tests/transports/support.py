"""Options as the transports see them, and short ways to listen, dial and wait."""

from __future__ import annotations

import contextlib
import os
import resource
import select

from tests.support import seconds
from zmqthread import transports
from zmqthread.constants import SocketType
from zmqthread.endpoint import parse
from zmqthread.options import Options
from zmqthread.reactor.seams import SYSTEM


def options(**changes):
    """Return the options of a fresh socket with some attributes changed."""
    opts = Options(SocketType.PULL)
    for name, value in changes.items():
        assert hasattr(opts, name)
        setattr(opts, name, value)
    return opts


@contextlib.contextmanager
def listening(text, opts=None, seams=SYSTEM):
    """Give a listener at `text`."""
    endpoint = parse(text, "bind")
    listener = transports.of(endpoint).listen(endpoint, opts or options(), seams)
    with contextlib.closing(listener):
        yield listener


def dial(text, opts=None, seams=SYSTEM, addresses=None):
    endpoint = parse(text, "connect")
    return transports.of(endpoint).dial(endpoint, opts or options(), seams, addresses)


def wait(sock, for_what="read"):
    """Wait until a descriptor is ready; fail the test if it never is."""
    reads, writes = ([sock], []) if for_what == "read" else ([], [sock])
    assert any(select.select(reads, writes, [], seconds(10.0))), f"never ready to {for_what}"


def finish(connecting):
    """Wait for the end of an attempt and return what `done` says."""
    if connecting.pending:
        wait(connecting.socket, "write")
    return connecting.done()


def accept(listener):
    """Wait for a connection and return it with its peer's address, or None if it is refused."""
    wait(listener.socket)
    accepted = listener.accept()
    return accepted and accepted[:2]


@contextlib.contextmanager
def joined(listener, text=None, opts=None):
    """Give (connecting side, accepted side, peer's address) of a connection to `listener`."""
    connecting = dial(text or listener.endpoint, opts)
    with contextlib.closing(connecting):
        assert finish(connecting) is None
        accepted = accept(listener)
        assert accepted is not None
        stream, peer = accepted
        with contextlib.closing(stream):
            yield connecting.socket, stream, peer


@contextlib.contextmanager
def no_descriptors():
    """Leave the process without a free descriptor."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
