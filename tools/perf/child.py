"""Processes that take part in a measurement: one function each, told what to do line by line.

``python -m tools.perf.child MODULE:FUNCTION LIBRARY ARGUMENTS`` is what `Child` starts.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

from tools.perf.common import ROOT, load

if TYPE_CHECKING:
    from collections.abc import Callable


class OutOfTimeError(Exception):
    """A measurement has used up its time."""


class ChildError(Exception):
    """A child has ended where it should have answered."""


class Deadline:
    """The end of a measurement.

    Args:
        limit: seconds from now.
    """

    def __init__(self, limit: float) -> None:
        self._end = time.monotonic() + limit

    @property
    def left(self) -> float:
        """Seconds until the end.

        Raises:
            OutOfTimeError: it has passed.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutOfTimeError
        return left

    def sleep(self, duration: float) -> None:
        """Sleep, if there is time for it; see `left` for what happens otherwise."""
        if duration > self.left:
            raise OutOfTimeError
        time.sleep(duration)


class Line:
    """The child's end: JSON values, one a line."""

    def say(self, value: Any) -> None:
        """Answer the process that has started this one."""
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    def hear(self) -> Any:
        """Wait, without waking, for the next value; the process ends when there is none."""
        if line := sys.stdin.readline():
            return json.loads(line)
        os._exit(0)  # the measurement is over, so neither sockets nor threads need a proper end


class Child:
    """The other end: a process, killed when the block is left.

    Args:
        deadline: nobody waits for an answer longer than until then.
        role: a function of a module, which gets a `Line`, the library, and the other arguments.
        library: as in `LIBRARIES`.
        arguments: what JSON can express.
    """

    def __init__(
        self, deadline: Deadline, role: Callable[..., None], library: str, **arguments: Any
    ) -> None:
        self._deadline = deadline
        self._name = f"{role.__module__}:{role.__name__}"
        self._buffer = b""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", __name__, self._name, library, json.dumps(arguments)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        with self._process:
            self._process.kill()

    def say(self, value: Any) -> None:
        """Tell the child what to do."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(value).encode() + b"\n")
        except BrokenPipeError:
            raise ChildError(f"{self._name} has ended") from None

    def waits(self, timeout: float) -> bool:
        """Tell whether there is something to hear, within so many seconds."""
        return b"\n" in self._buffer or bool(self._readable(timeout))

    def _readable(self, timeout: float) -> bool:
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], timeout)[0])

    def hear(self) -> Any:
        """Return the child's next answer.

        Raises:
            ChildError: it has ended.
            OutOfTimeError: the deadline has passed.
        """
        assert self._process.stdout is not None
        while b"\n" not in self._buffer:
            if not self._readable(self._deadline.left):
                raise OutOfTimeError
            chunk = os.read(self._process.stdout.fileno(), 1 << 16)
            if not chunk:
                raise ChildError(f"{self._name} has ended")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def ask(self, value: Any) -> Any:
        """Tell the child what to do and return its answer."""
        self.say(value)
        return self.hear()


def main() -> None:
    name, library, arguments = sys.argv[1:]
    module, _, function = name.partition(":")
    role = getattr(importlib.import_module(module), function)
    role(Line(), load(library), **json.loads(arguments))
    os._exit(0)


if __name__ == "__main__":
    main()
