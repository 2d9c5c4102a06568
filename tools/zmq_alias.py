"""A pytest plugin that makes ``zmq`` mean `zmqthread`, with no pyzmq code under it.

For pyzmq's own tests: ``python -m pytest -p zmq_alias``.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Sequence
from threading import Event
from typing import Any, NamedTuple

import zmqthread
from zmqthread import memory, message


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

#: What pyzmq's tests import, or look into, of pyzmq's own insides.
_STAND_INS: dict[str, dict[str, Any]] = {
    "zmq.asyncio": {},
    "zmq.backend": {"Socket": zmqthread.Socket},
    "zmq.sugar": {},
    "zmq.sugar.context": {"Context": zmqthread.Context},
    "zmq.sugar.version": {"VERSION_EXTRA": ""},
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
for _name in ("zmq.asyncio", "zmq.sugar.context", "zmq.sugar.version", "zmq.backend"):
    importlib.import_module(_name)
