"""Every public name of pyzmq's synchronous face is here too, with the same parameters."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any, Final

import pytest

pytestmark = pytest.mark.interop

VERSION: Final = "27.3"

#: Modules of pyzmq's that are not here, and why.
ELSEWHERE: Final = {
    "zmq._future": "asyncio",
    "zmq.asyncio": "asyncio",
    "zmq.auth.asyncio": "asyncio",
    "zmq.auth.ioloop": "tornado",
    "zmq.eventloop": "tornado",
    "zmq.green": "gevent",
    "zmq.backend": "pyzmq's engines; zmqthread.backend is one of them",
    "zmq.utils.garbage": "how pyzmq keeps memory alive for libzmq",
    "zmq.utils.interop": "pointers of CFFI",
    "zmq.tests": "deprecated helpers of its own tests",
    "zmq._typing": "for type checkers older than any that is supported",
}
#: Names that are not here, or differ, and why; without their modules.
DIFFERENT: Final = {
    "Context.term": "takes a time-out as well",
    "Socket.__init__": "takes a core as well",
    "DraftFDWarning.__init__": "never given",
    "AttributeSetter.get": "the hooks have other names",
    "AttributeSetter.set": "the hooks have other names",
    "ThreadAuthenticator.pipe_endpoint": "how pyzmq tells its thread what to do",
    "strtypes.bytes": "Python's own",
    "zmq.DRAFT_API": "pyzmq's wheels are made without drafts",
    "zmq.PYZMQ_DRAFT_API": "pyzmq's wheels are made without drafts",
}


def public(module: ModuleType) -> list[str]:
    """Return what a module offers: its ``__all__``, or what it defines and does not hide."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(set(listed))
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def parameters(call: Any) -> list[tuple[str, Any, Any]] | None:
    try:
        found = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):  # made in C
        return None
    if all(
        one.kind in {one.VAR_POSITIONAL, one.VAR_KEYWORD} for one in found if one.name != "self"
    ):
        return None  # made in C, too, or the alias of a generic class
    return [(one.name, one.kind, one.default) for one in found]


def differences(name: str, theirs: Any, ours: Any) -> list[str]:
    """Return how what pyzmq calls ``name`` differs from ours."""
    if inspect.isclass(theirs) and not issubclass(theirs, int):
        found = []
        for member, value in inspect.getmembers(theirs):
            if member.startswith("_") and member != "__init__":
                continue
            path = f"{name}.{member}"
            if not hasattr(ours, member):
                found.append(f"{path}: missing")
            elif callable(value) and not inspect.isclass(value):
                found += differences(path, value, getattr(ours, member))
        return found
    if callable(theirs) and parameters(theirs) is not None:
        expected, have = parameters(theirs), parameters(ours)
        if expected != have:
            return [f"{name}: {have} instead of {expected}"]
    elif isinstance(theirs, int | str | bytes) and theirs != ours and "version" not in name:
        return [f"{name}: {ours!r} instead of {theirs!r}"]
    return []


def modules(package: ModuleType) -> list[str]:
    names = [package.__name__]
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if found.name in ELSEWHERE or found.name.endswith("__main__"):
            continue
        names += modules(importlib.import_module(found.name)) if found.ispkg else [found.name]
    return names


def test_every_public_name_is_here():
    zmq = pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    if not zmq.__version__.startswith(VERSION):
        pytest.skip(f"compares with pyzmq {VERSION}, here is {zmq.__version__}")
    found = []
    for name in modules(zmq):
        theirs = importlib.import_module(name)
        ours = importlib.import_module("zmqthread" + name.removeprefix("zmq"))
        for one in public(theirs):
            path = f"{name}.{one}"
            if not hasattr(ours, one):
                found.append(f"{path}: missing")
            else:
                found += differences(path, getattr(theirs, one), getattr(ours, one))
    found = [
        line for line in found if ".".join(line.split(": ")[0].split(".")[-2:]) not in DIFFERENT
    ]
    assert not found, "\n".join(found)
