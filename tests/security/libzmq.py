"""Just enough of the system's libzmq through ctypes: pyzmq's wheel has none of GSSAPI."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
from typing import Any, Self

import zmqthread as zmq


def load() -> Any:
    """Return the library, or None if it is not here or does without GSSAPI."""
    name = ctypes.util.find_library("zmq")
    if name is None:
        return None
    library = ctypes.CDLL(name, use_errno=True)
    library.zmq_ctx_new.restype = library.zmq_socket.restype = ctypes.c_void_p
    for function in ("ctx_term", "close", "setsockopt", "getsockopt", "bind", "connect"):
        getattr(library, f"zmq_{function}").argtypes = {
            "ctx_term": [ctypes.c_void_p],
            "close": [ctypes.c_void_p],
            "setsockopt": [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t],
            "getsockopt": [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p],
            "bind": [ctypes.c_void_p, ctypes.c_char_p],
            "connect": [ctypes.c_void_p, ctypes.c_char_p],
        }[function]
    library.zmq_socket.argtypes = [ctypes.c_void_p, ctypes.c_int]
    for function in ("zmq_send", "zmq_recv"):
        getattr(library, function).argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int,
        ]  # fmt: skip
    return library if library.zmq_has(b"gssapi") else None


class Socket:
    """A socket of the system's libzmq with a context of its own."""

    def __init__(self, library: Any, kind: int, patience: int) -> None:
        self._library = library
        self._context = library.zmq_ctx_new()
        self._socket = library.zmq_socket(self._context, kind)
        self.set(zmq.LINGER, 0)
        self.set(zmq.RCVTIMEO, patience)
        self.set(zmq.SNDTIMEO, patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.zmq_close(self._socket)
        self._library.zmq_ctx_term(self._context)

    def _check(self, result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, errno.errorcode.get(number, str(number)))
        return result

    def set(self, option: int, value: int | bytes) -> None:
        data = value if isinstance(value, bytes) else value.to_bytes(4, "little", signed=True)
        self._check(self._library.zmq_setsockopt(self._socket, option, data, len(data)))

    def bind(self, endpoint: str) -> str:
        self._check(self._library.zmq_bind(self._socket, endpoint.encode()))
        buffer = ctypes.create_string_buffer(256)
        size = ctypes.c_size_t(256)
        last = int(zmq.LAST_ENDPOINT)
        self._check(self._library.zmq_getsockopt(self._socket, last, buffer, ctypes.byref(size)))
        return buffer.value.decode()

    def connect(self, endpoint: str) -> None:
        self._check(self._library.zmq_connect(self._socket, endpoint.encode()))

    def send(self, frame: bytes, more: bool = False) -> None:
        self._check(self._library.zmq_send(self._socket, frame, len(frame), 2 if more else 0))

    def recv(self) -> bytes:
        buffer = ctypes.create_string_buffer(1 << 20)
        size = self._check(self._library.zmq_recv(self._socket, buffer, 1 << 20, 0))
        return buffer.raw[:size]
