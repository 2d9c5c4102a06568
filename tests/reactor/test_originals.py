"""The real sockets and threads, where a stand-in for gevent has put others in their place.

With gevent itself: tests/dropin/test_libraries.py.
"""

from __future__ import annotations

import select
import socket
import sys
import threading
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import pytest

from tests.support import seconds
from zmqthread.reactor import originals


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put others in the place of what `originals` has taken down at its import."""

    class Socket(socket.socket):
        pass

    monkeypatch.setattr(socket, "socket", Socket)
    monkeypatch.setattr(threading, "get_ident", lambda: 0)


@pytest.mark.usefixtures("patched")
def test_sockets_are_real_ones():
    with ExitStack() as stack:
        near, far = map(stack.enter_context, originals.socketpair())
        near.send(b"x")
        assert far.recv(1) == b"x"
        listener = stack.enter_context(originals.Socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = stack.enter_context(originals.Socket())
        client.connect(listener.getsockname())
        kind = listener.family, listener.type, listener.proto
        accepted = stack.enter_context(originals.accept(listener, kind)[0])
        assert accepted.getpeername() == client.getsockname()
        assert {type(one) for one in (near, far, listener, accepted)} == {originals.Socket}


@pytest.mark.usefixtures("patched")
def test_threads_are_real_ones_and_can_be_waited_for():
    begin, idents = threading.Event(), []

    def run() -> None:
        begin.wait(seconds(10))
        idents.append(originals.get_ident())

    thread = originals.start_thread("name", run)
    thread.join(0.01)
    assert not idents
    begin.set()
    thread.join(seconds(10))
    thread.join()
    assert len(idents) == 1
    assert idents[0] != originals.get_ident()


def test_what_was_patched_before_is_asked_for(monkeypatch):
    class Monkey(ModuleType):
        @staticmethod
        def get_original(module: str, name: str) -> Any:
            if name == "kqueue":
                raise AttributeError(name)
            return module, name

    monkeypatch.setitem(sys.modules, "gevent.monkey", Monkey("gevent.monkey"))
    assert originals._original(select, "epoll") == ("select", "epoll")
    assert originals._original(select, "kqueue") is None


def test_a_lock_that_cannot_count_is_never_found_to_be_held_twice():
    lock = originals._Uncounted()
    with lock, lock:
        assert lock._recursion_count() == 1
    counting = originals.RLock()
    with counting, counting:
        assert counting._recursion_count() == 2
    assert counting._recursion_count() == 0
