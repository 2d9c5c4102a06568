"""Fork, interpreter exit and look-up by number: what concerns all contexts of a process."""

from __future__ import annotations

import atexit
import os
import weakref
from typing import TYPE_CHECKING, Any

from zmqthread.api.sleeping import forget_sleepers
from zmqthread.constants import EFAULT
from zmqthread.errors import error_about

if TYPE_CHECKING:
    from zmqthread.api.context import Context
    from zmqthread.api.core import Core
    from zmqthread.api.engine import Engine

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()
_contexts: weakref.WeakValueDictionary[int, Context[Any]] = weakref.WeakValueDictionary()
_at_exit: list[bool] = []


def register(engine: Engine, context: Context[Any]) -> None:
    """Let a new engine hear of forks, and be found by its number."""
    _engines.add(engine)
    _contexts[id(engine)] = context


def find_context(number: int) -> Context:
    """Return the context with this `underlying` number; EFAULT if there is none."""
    context = _contexts.get(number)
    if context is None:
        raise error_about(EFAULT, context=number)
    return context


def find_core(number: int) -> tuple[Context, Core]:
    """Return the socket with this `underlying` number and its context; EFAULT if there is none."""
    for engine in list(_engines):
        for core in list(engine.sockets):
            if id(core) == number:
                return find_context(id(engine)), core
    raise error_about(EFAULT, socket=number)


def exiting(_at_exit: list[bool] = _at_exit) -> bool:
    """Return whether the interpreter is on its way out; also once modules are torn down."""
    return bool(_at_exit)


def _after_fork_in_child() -> None:
    forget_sleepers()
    for engine in list(_engines):
        engine.abandon_after_fork()


atexit.register(_at_exit.append, True)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
