"""A pytest plugin that makes ``zmq`` mean `zmqthread`, with no pyzmq code under it.

For pyzmq's own tests: ``python -m pytest -p zmq_alias``.  It leaves out those that are about
asyncio, gevent and tornado, and gives the rest the few things of pyzmq's insides that they use.
All the rest is `zmqthread.alias`, as for any program.
"""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
import types
from collections.abc import Callable, Coroutine
from threading import Event
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import zmqthread
from zmqthread import alias, memory, message, options

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


def _stand_in(name: str, contents: dict[str, Any]) -> None:
    module = types.ModuleType(name)
    vars(module).update(contents)
    package, _, last = name.rpartition(".")
    setattr(importlib.import_module(package), last, module)
    sys.modules[name] = module


alias.install()
for _name, _contents in _STAND_INS.items():
    _stand_in(_name, _contents)
vars(message)["Share"] = _Noted
# One test sends 2 GiB, which is more than zmqthread takes unless it is told to.
options.Options.default_frame_limit = 4 << 30
