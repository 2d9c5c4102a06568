"""``zmq`` as another name of `zmqthread`, for programs that say ``import zmq`` where no pyzmq is.

This folder on the path of modules is all it takes; ``python -m zmqthread run`` sees to that.
What is not synchronous (``zmq.asyncio``, ``zmq.green``, ``zmq.eventloop``) is not there: it needs
pyzmq.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import zmqthread

_HOME: Final = str(Path(__file__).resolve().parent / "zmq")
#: The modules of pyzmq that zmqthread has.
_MODULES: Final = frozenset({
    "auth", "constants", "decorators", "devices", "error", "log", "ssh", "sugar", "utils",
})  # fmt: skip


class _Package(types.ModuleType):
    """The package `zmqthread`: what is set here is set there, like COPY_THRESHOLD."""

    def __getattr__(self, name: str) -> Any:
        return getattr(zmqthread, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(zmqthread, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(zmqthread, name)

    def __dir__(self) -> list[str]:
        return dir(zmqthread)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``zmq.X`` as ``zmqthread.X``: one module by two names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, name = fullname.partition(".")
        if package != "zmq" or name.partition(".")[0] not in _MODULES:
            return None
        if importlib.util.find_spec(f"zmqthread.{name}") is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = importlib.import_module(f"zmqthread.{spec.name.partition('.')[2]}")
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        # It has been, under its own name, which it keeps.
        module.__spec__ = module.__spec__ and module.__spec__.loader_state


def install() -> types.ModuleType:
    """Have ``zmq`` mean `zmqthread` in this process, and return it.

    Raises:
        RuntimeError: pyzmq is imported already.
    """
    loaded = sys.modules.get("zmq")
    if isinstance(loaded, _Package):
        return loaded
    if loaded is not None and _HOME not in getattr(loaded, "__path__", ()):
        where = getattr(loaded, "__file__", None) or "elsewhere"
        raise RuntimeError(f"zmq is imported already, from {where}")
    package = _Package("zmq", zmqthread.__doc__)
    vars(package).update(
        __file__=str(Path(_HOME, "__init__.py")),
        __package__="zmq",
        __path__=[_HOME],
        __spec__=importlib.machinery.ModuleSpec("zmq", None, is_package=True),
        # Who asks for the version of ``zmq`` asks for that of pyzmq.
        __version__=zmqthread.pyzmq_version(),
    )
    sys.modules["zmq"] = package
    sys.meta_path.insert(0, _Finder())
    return package
