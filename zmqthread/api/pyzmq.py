"""Names that pyzmq's users ask it for, about pyzmq itself and about compiling against libzmq."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

_PACKAGE = str(Path(__file__).resolve().parent.parent)
#: The pyzmq whose synchronous interface this is.
_VERSION = (27, 3, 0)


def pyzmq_version_info() -> tuple[int, int, int]:
    """Return the version of the pyzmq whose interface this is."""
    return _VERSION


def pyzmq_version() -> str:
    """Return `pyzmq_version_info` as text."""
    return ".".join(map(str, _VERSION))


def get_includes() -> list[str]:
    """Return the folders that pyzmq has headers in: the package's, and its ``utils``.

    There is no C in these, so there is nothing that could be included.
    """
    return [_PACKAGE, str(Path(_PACKAGE, "utils"))]


def get_library_dirs() -> list[str]:
    """Return the folder of the package ``zmq``, where pyzmq has its libraries; here are none.

    It is the one that stands in for pyzmq's: see `zmqthread.alias`.
    """
    return [str(Path(_PACKAGE, "alias", "zmq"))]


class Stopwatch:
    """Deprecated: measures microseconds; ``time.monotonic`` does as well."""

    _started: int | None = None

    def __init__(self) -> None:
        warnings.warn("Stopwatch is deprecated: use time.monotonic", DeprecationWarning, 2)

    def start(self) -> None:
        """Start; RuntimeError if it is running."""
        if self._started is not None:
            raise RuntimeError("the stopwatch is running")
        self._started = time.monotonic_ns()

    def stop(self) -> int:
        """Stop and return the microseconds since the start; RuntimeError if it is not running."""
        if self._started is None:
            raise RuntimeError("the stopwatch is not running")
        started, self._started = self._started, None
        return (time.monotonic_ns() - started) // 1000

    def sleep(self, seconds: float) -> None:
        """Sleep that many seconds."""
        time.sleep(seconds)
