"""One context of each library, and sockets of either by type name, all gone at the end."""

from __future__ import annotations

import contextlib
import itertools
import struct
from typing import TYPE_CHECKING, Any, Self

import zmqthread
from tests.support import LOOPBACK, milliseconds, monitor_name, patient

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType, TracebackType

    from tests.interop.remote import RemoteLibrary

OURS = "zmqthread"
THEIRS = "libzmq"
PATIENCE = 20.0
LAST_ENDPOINT = zmqthread.LAST_ENDPOINT


class Watcher:
    """The monitor of one socket: events in their order, each waited for."""

    def __init__(self, sock: Any, constants: ModuleType) -> None:
        self._sock = sock
        self._constants = constants
        self._monitor = sock.get_monitor_socket(addr=monitor_name())
        self._monitor.rcvtimeo = milliseconds(PATIENCE)

    def wait(self, name: str, driven: Any = None) -> int:
        """Skip events up to the next of this name (without EVENT_) and return its value.

        Meanwhile ``driven`` is called: some of its work libzmq's socket does only then.
        """
        wanted = getattr(self._constants, f"EVENT_{name}")
        while True:
            for _ in range(2000 if driven is not None else 0):
                if self._monitor.poll(10):
                    break
                driven.poll(0)
            frames = self._monitor.recv_multipart()
            event, value = struct.unpack("=HI", frames[0])
            if event == wanted:
                return int(value)

    def pending(self) -> bool:
        """Return whether there are events that nobody waited for."""
        return bool(self._monitor.poll(0))

    def close(self) -> None:
        """End the monitoring, if the socket itself has not been closed already."""
        if not self._sock.closed:
            self._sock.disable_monitor()
        if not self._monitor.closed:
            self._monitor.close(linger=0)


class World:
    """Sockets of both libraries in this process.

    Every socket has time-outs, so that a lost message fails a test instead of hanging it, and
    LINGER 0, so that nothing unsent holds up its end.
    """

    def __init__(self, libzmq: ModuleType | RemoteLibrary, directory: Path) -> None:
        self.modules: dict[str, Any] = {OURS: zmqthread, THEIRS: libzmq}
        self.directory = directory
        self._contexts = {name: module.Context() for name, module in self.modules.items()}
        self._sockets: list[Any] = []
        self._watchers: list[Watcher] = []
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for watcher in self._watchers:
            watcher.close()
        for sock in self._sockets:
            sock.close(linger=0)
        for context in self._contexts.values():
            context.term()

    def context(self, library: str) -> Any:
        """Return the context of one library."""
        return self._contexts[library]

    def socket(self, library: str, kind: str, **settings: Any) -> Any:
        """Return a new socket of one library, with options set by their attribute names."""
        sock = self._contexts[library].socket(getattr(self.modules[library], kind))
        self._sockets.append(sock)
        return patient(sock, PATIENCE, **settings)

    def endpoint(self, transport: str) -> str:
        """Return something to bind to; LAST_ENDPOINT tells where one can then connect."""
        if transport == "tcp":
            return f"tcp://{LOOPBACK}:*"
        if transport == "inproc":
            return f"inproc://{next(self._numbers)}"
        return f"ipc://{self.directory}/{next(self._numbers)}"

    def join(self, binder: Any, connecter: Any, transport: str = "tcp") -> str:
        """Bind one, connect the other, and return the endpoint."""
        binder.bind(self.endpoint(transport))
        endpoint: str = binder.get(LAST_ENDPOINT).decode()
        connecter.connect(endpoint)
        return endpoint

    def watch(self, sock: Any) -> Watcher:
        """Follow a socket's monitor events."""
        watcher = Watcher(sock, self.modules[OURS])
        self._watchers.append(watcher)
        return watcher

    def errno_of(self, call: Any, *args: Any, **kwargs: Any) -> int:
        """Return the errno that a call of either library raises, 0 if it does not raise."""
        try:
            call(*args, **kwargs)
        except (zmqthread.ZMQError, self.modules[THEIRS].ZMQError) as error:
            return error.errno or -1
        return 0


def drain(sock: Any) -> list[list[bytes]]:
    """Return every message that is there now."""
    found: list[list[bytes]] = []
    with contextlib.suppress(Exception):
        while sock.poll(0):
            found.append(sock.recv_multipart())
    return found
