"""libzmq with its drafts in a child process, used like a module in this one.

Calls go to the child one by one and their results come back; contexts and sockets stay there, and
are objects here that pass every call on.
"""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import zmqthread
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = struct.Struct("=I")


class RemoteFrame(NamedTuple):
    """What the child has received as a Frame."""

    bytes: bytes
    routing_id: int
    group: str


class RemoteSocket:
    """A socket of the child's: calls, options as attributes, and nothing of its own."""

    def __init__(self, child: RemoteLibrary, number: int) -> None:
        self.__dict__.update(_child=child, _number=number)

    def __getattr__(self, name: str) -> Any:
        if name in {"closed", "rcvtimeo", "sndtimeo"}:
            return self._child.call(self._number, "__getattribute__", name)
        return lambda *args, **kwargs: self._child.call(self._number, name, *args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        self._child.call(self._number, "__setattr__", name, value)


class RemoteLibrary:
    """The child's ``zmq``."""

    ZMQError = zmqthread.ZMQError

    def __init__(self, python: Path) -> None:
        self._python = python
        self._process = self._begin()
        # It aborts now and then, and its successor's pipes have to be there before a test begins.
        self._spare: list[subprocess.Popen[bytes]] = [self._begin()]

    def _begin(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self._python, "-m", "tests.interop.remote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(zmqthread, name)  # the constants are the same

    def Context(self) -> RemoteSocket:  # noqa: N802 - as there
        """Make a context in the child."""
        made: RemoteSocket = self.call(0, "Context")
        return made

    def call(self, number: int, name: str, *args: Any, **kwargs: Any) -> Any:
        """Have the child call a method of one of its objects.

        Raises:
            ZMQError: it did there.
        """
        pipes = self._process.stdin, self._process.stdout
        assert pipes[0] is not None
        assert pipes[1] is not None
        try:
            _write(pipes[0], (number, name, args, kwargs))
            kind, value = _read(pipes[1])
        except (EOFError, BrokenPipeError):
            if not self._spare:
                raise
            with self._process as ended:
                ended.kill()
            self._process = self._spare.pop()  # the next test is not to fail as well
            if name == "term":  # with hello or disconnect messages: then there is nothing to end
                return None
            raise
        if kind == "error":
            raise zmqthread.ZMQError(value)
        if kind == "failure":
            raise AssertionError(f"the child's {name} failed: {value}")
        if kind == "object":
            return RemoteSocket(self, value)
        return RemoteFrame(*value) if kind == "frame" else value

    def close(self) -> None:
        """End the child."""
        for process in (self._process, *self._spare):
            process.communicate()


def _write(stream: Any, value: Any) -> None:
    data = pickle.dumps(value)
    stream.write(_HEAD.pack(len(data)) + data)
    stream.flush()


def _read(stream: Any) -> Any:
    head = stream.read(_HEAD.size)
    if not head:
        raise EOFError("the other process has ended")
    return pickle.loads(stream.read(*_HEAD.unpack(head)))


class _Child:
    """What the child does."""

    def __init__(self) -> None:
        import ctypes

        import zmq
        from zmq import libzmq  # type: ignore[attr-defined]  # of its own build

        self.zmq = zmq
        self.library = ctypes.CDLL(libzmq.__file__)
        self.objects: list[Any] = [zmq]

    def connect_peer(self, sock: Any, addr: str) -> int:
        """Call what pyzmq has no name for."""
        from ctypes import c_void_p

        handle = c_void_p(sock.underlying)
        return int(self.library.zmq_connect_peer(handle, addr.encode())) & 0xFFFFFFFF

    def routing_id(self, frame: Any) -> int:
        """Return a frame's number; pyzmq raises where there is none."""
        try:
            return int(frame.routing_id)
        except self.zmq.ZMQError:
            return 0

    def serve(self, sock: Any, count: int) -> None:
        """Answer so many requests."""
        for _ in range(count):
            request = sock.recv(copy=False)
            sock.send(b"re:" + request.bytes, routing_id=request.routing_id)

    def ask(self, sock: Any, count: int) -> list[bytes]:
        """Ask so many times, and return the replies."""
        for number in range(count):
            sock.send(b"%d:" % number + b"." * (number % 300))
        return [sock.recv() for _ in range(count)]

    def answer(self, number: int, name: str, args: Any, kwargs: Any) -> tuple[str, Any]:
        try:
            target = self.objects[number]
            if name in {"connect_peer", "serve", "ask"}:
                return "value", getattr(self, name)(target, *args)
            if name == "leave":  # where that pyzmq takes bytes only
                args = (args[0].encode(),)
            elif name == "get_monitor_socket":  # whose name it makes of a descriptor
                kwargs["addr"] = f"inproc://monitor-{number}"
            result = getattr(target, name)(*args, **kwargs)
        except self.zmq.ZMQError as error:
            return "error", error.errno
        except Exception as error:  # told to the test
            return "failure", repr(error)
        if isinstance(result, self.zmq.Frame):
            return "frame", (result.bytes, self.routing_id(result), result.group)
        if isinstance(result, self.zmq.Context | self.zmq.Socket):
            self.objects.append(result)
            return "object", len(self.objects) - 1
        return "value", result if _is_plain(result) else None


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, int | float | str | bytes | list)


if __name__ == "__main__":
    _child = _Child()
    try:
        while True:
            _write(sys.stdout.buffer, _child.answer(*_read(sys.stdin.buffer)))
    except EOFError:
        os._exit(0)  # whatever is still open
