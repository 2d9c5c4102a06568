"""What the standard library brings, also where gevent has put its own things in its place.

After gevent's ``monkey.patch_all`` threads are greenlets of one thread and locks switch between
them.  The engine keeps to the real ones, as libzmq does: its threads go on by themselves, and
``zmq.green`` waits for a descriptor.
"""

from __future__ import annotations

import _socket
import _thread
import select
import socket
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any


def _original(module: ModuleType, name: str) -> Any:
    """Return what a module had under a name at first; None if it had nothing."""
    patcher = sys.modules.get("gevent.monkey")
    if patcher is None:
        return getattr(module, name, None)
    try:
        return patcher.get_original(module.__name__, name)
    except AttributeError:
        return None


class _Uncounted(_thread.RLock):  # type: ignore[misc]  # it can be derived from
    """Where locks cannot say how often they are held, nobody is found to be interrupted."""

    def _recursion_count(self) -> int:
        return 1


# Looked up now: the program may call patch_all later.
RLock: Any = _thread.RLock if hasattr(_thread.RLock, "_recursion_count") else _Uncounted
Socket: type[socket.socket] = _original(socket, "socket")
epoll: type[select.epoll] | None = _original(select, "epoll")
poll: Any = _original(select, "poll")
get_ident: Callable[[], int] = _original(_thread, "get_ident")
_allocate_lock: Any = _original(_thread, "allocate_lock")
_start_new_thread: Any = _original(_thread, "start_new_thread")


def socketpair() -> tuple[socket.socket, socket.socket]:
    """Return two sockets that are connected with each other."""
    if socket.socket is Socket:
        return socket.socketpair()
    near, far = _socket.socketpair()
    return Socket(fileno=near.detach()), Socket(fileno=far.detach())


def accept(listener: Any, kind: tuple[int, int, int]) -> tuple[Any, Any]:
    """Return the next connection of a listener, and its peer's address.

    Args:
        listener: a socket.
        kind: its family, type and protocol.
    """
    if not isinstance(listener, Socket):
        return listener.accept()  # type: ignore[no-any-return]
    # `accept` itself would make one of gevent's, and takes twice as long: it asks the listener
    # for its kind, and each answer becomes a member of an enum.
    descriptor, address = listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001
    return Socket(*kind, descriptor), address


class _Thread:
    """A thread that is none of gevent's."""

    def __init__(self, target: Callable[[], None]) -> None:
        self._target = target
        self._running = _allocate_lock()
        self._running.acquire()
        _start_new_thread(self._run, ())

    def _run(self) -> None:
        try:
            self._target()
        finally:
            self._running.release()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, or for ``timeout`` seconds."""
        if self._running.acquire(timeout=-1 if timeout is None else timeout):
            self._running.release()


def start_thread(name: str, target: Callable[[], None]) -> Any:
    """Start a daemon thread and return what has a ``join``."""
    if getattr(threading, "get_ident", None) is not get_ident:
        return _Thread(target)
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread
