"""Exceptions that a signal handler has raised in between the steps of something else."""

from __future__ import annotations

import signal
import threading
from types import CodeType
from typing import Any


def may_be_interrupted() -> bool:
    """Return whether this is the main thread, where signal handlers run and may raise."""
    return threading.current_thread() is threading.main_thread()


def is_interrupt(error: BaseException) -> bool:
    """Return whether ``error`` is meant for the program, not for the code it was raised in.

    That is so for everything but an `Exception`, and for what one of the program's own signal
    handlers has raised, such as the time-out of an alarm.
    """
    if not isinstance(error, Exception):
        return True
    if not may_be_interrupted():
        return False
    handlers = _handlers()
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in handlers:
            return True
        trace = trace.tb_next
    return False


def _handlers() -> set[CodeType]:
    found = set()
    for number in signal.valid_signals():
        handler: Any = signal.getsignal(number)
        for function in (handler, getattr(handler, "func", None), type(handler).__call__):
            code = getattr(function, "__code__", None)
            if code is not None:
                found.add(code)
    return found
