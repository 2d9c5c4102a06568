"""A pytest plugin that makes ``zmq`` mean `zmqthread`, with no pyzmq code under it.

For pyzmq's own tests: ``python -m pytest -p zmq_alias``.  It leaves out those that are about
asyncio, gevent and tornado, and gives the rest the few things of pyzmq's insides that they use.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
import types
from collections.abc import Callable, Coroutine, Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import zmqthread
from zmqthread import memory, message, options

if TYPE_CHECKING:
    import pytest

#: Tests of what zmqthread does not have itself, by their names.
NOT_SYNCHRONOUS: Final = re.compile(
    r"Green|zmq\.green|TestAsyncio|\[asyncio\]|_ioloop_|_eventloop$|\[eventloop\]|_async\.py\]"
    r"|example\[monitoring\]"  # awaits its sockets
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not synchronous."""
    left_out = [item for item in items if NOT_SYNCHRONOUS.search(item.nodeid)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


class _Reference(NamedTuple):
    obj: object
    event: Event | None


class _Noted(memory.Share):
    """Shared memory, listed where pyzmq's tests look for it."""

    __slots__ = ("_key",)

    def __init__(self, view: memoryview, event: Event | None) -> None:
        super().__init__(view, event)
        note = _Reference(view, event)
        self._key = id(note)
        _garbage.refs[self._key] = note

    def __del__(self) -> None:
        _garbage.refs.pop(self._key, None)
        super().__del__()


class _Garbage:
    def __init__(self) -> None:
        self.refs: dict[int, _Reference] = {}


_garbage = _Garbage()


def _in_a_thread(call: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def wait(*args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(call, *args, **kwargs)

    return wait


class _Awaited(zmqthread.Socket):
    """The tests of the threaded authenticator await what their sockets do."""

    poll: Any = _in_a_thread(zmqthread.Socket.poll)
    send: Any = _in_a_thread(zmqthread.Socket.send)
    recv: Any = _in_a_thread(zmqthread.Socket.recv)
    send_multipart: Any = _in_a_thread(zmqthread.Socket.send_multipart)
    recv_multipart: Any = _in_a_thread(zmqthread.Socket.recv_multipart)


class _AwaitedContext(zmqthread.Context):
    _socket_class = _Awaited


#: What pyzmq's tests import, or look into, of pyzmq's own insides.
_STAND_INS: dict[str, dict[str, Any]] = {
    "zmq.asyncio": {"Context": _AwaitedContext, "Socket": _Awaited},
    "zmq.backend": {"Socket": zmqthread.Socket},
    "zmq.utils.garbage": {"gc": _garbage},
}


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``zmq.X`` as ``zmqthread.X``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith("zmq."):
            return None
        if fullname not in _STAND_INS and importlib.util.find_spec(_ours(fullname)) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        if spec.name in _STAND_INS:
            module = types.ModuleType(spec.name)
            module.__path__ = []
            vars(module).update(_STAND_INS[spec.name])
            return module
        return importlib.import_module(_ours(spec.name))

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def _ours(name: str) -> str:
    return "zmqthread" + name.removeprefix("zmq")


sys.modules["zmq"] = zmqthread
sys.meta_path.insert(0, _Finder())
vars(message)["Share"] = _Noted
# One test sends 2 GiB, which is more than zmqthread takes unless it is told to.
options.Options.default_frame_limit = 4 << 30
for _name in ("zmq.asyncio", "zmq.backend"):
    importlib.import_module(_name)
