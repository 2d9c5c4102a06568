"""Exceptions that a signal handler has raised in between the steps of something else."""

from __future__ import annotations

import signal
import threading
from types import CodeType
from typing import Any


def is_interrupt(error: BaseException) -> bool:
    """Return whether ``error`` is meant for the program, not for the code it was raised in.

    That is so for everything but an `Exception`, and for what one of the program's own signal
    handlers has raised, such as the time-out of an alarm.
    """
    if not isinstance(error, Exception):
        return True
    if threading.current_thread() is not threading.main_thread():
        return False  # handlers run in the main thread only
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
