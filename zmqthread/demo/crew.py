"""The child processes of the demo, seen from the main process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from zmqthread.api.context import Context
from zmqthread.api.functions import has
from zmqthread.constants import PULL
from zmqthread.demo.part import FINISH, GO

#: Seconds until a child that has been told to leave is killed.
PATIENCE = 10.0


class Failed(Exception):
    """The demo cannot go on; the text is for the user."""


class Child:
    """One process, and what it has reported last."""

    def __init__(self, name: str, order: dict[str, Any]) -> None:
        self.name = name
        self.report: dict[str, Any] = {
            "ready": False,
            "finished": False,
            "bound": [],
            "sent": 0,
            "received": 0,
            "totals": [],
        }
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        here = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zmqthread.demo.child", json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=self._errors,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C is for the main process, which lets the others end in good order.
            start_new_session=True,
        )

    def tell(self, command: bytes) -> None:
        """Send a command."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended, which `check` will see
            self.process.stdin.write(command)
            self.process.stdin.flush()

    def check(self) -> None:
        """Make sure that it is still alive.

        Raises:
            Failed: it is not.
        """
        status = self.process.poll()
        if status is not None:
            raise Failed(f"{self.name} ended with status {status}{self._last_words()}")

    def leave(self) -> None:
        """Tell it to end."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def wait(self, deadline: float) -> None:
        """Wait until it has ended, and kill it at the deadline.

        Raises:
            Failed: it had to be killed, or ended with an error.
        """
        try:
            status = self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.name} did not end and was killed") from None
        if status:
            raise Failed(f"{self.name} ended with status {status}{self._last_words()}")

    def close(self) -> None:
        """Give back what the system lent."""
        self.leave()
        self._errors.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""


class Crew:
    """All child processes, and the socket that their reports come in by."""

    def __init__(self, context: Context, directory: str) -> None:
        self.directory = directory
        self.children: dict[str, Child] = {}
        self._reports = context.socket(PULL)
        self._reports.bind(self.address("reports"))
        self._endpoint = self._reports.last_endpoint.decode()

    def address(self, name: str) -> str:
        """Return an address between processes of this machine."""
        return f"ipc://{self.directory}/{name}" if has("ipc") else "tcp://127.0.0.1:*"

    def start(self, name: str, role: str, library: str, **addresses: str) -> Child:
        """Start a process."""
        order = {"role": role, "name": name, "library": library, "reports": self._endpoint}
        child = self.children[name] = Child(name, order | addresses)
        return child

    def bound(self, name: str, index: int = 0) -> str:
        """Return where a process has bound."""
        endpoint: str = self.children[name].report["bound"][index]
        return endpoint

    def attend(self, seconds: float) -> None:
        """Take reports for a while, and see that everybody is alive.

        Raises:
            Failed: somebody is not.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._reports.poll(left * 1000):
                report = self._reports.recv_json()
                self.children[report.pop("name")].report = report
        for child in self.children.values():
            child.check()

    def all_ready(self) -> bool:
        """Tell whether everybody is."""
        return all(child.report["ready"] for child in self.children.values())

    def go(self) -> None:
        """Let the messages flow."""
        for child in self.children.values():
            child.tell(GO)

    def finish(self) -> None:
        """Let no new messages start."""
        for child in self.children.values():
            child.tell(FINISH)

    def abandon(self) -> None:
        """End all processes at once: the user waits, and there is nothing to be saved."""
        for child in self.children.values():
            child.process.kill()
        for child in self.children.values():
            child.process.wait()
            child.close()
        self._reports.close()

    def dismiss(self) -> list[str]:
        """Let all processes end; return what went wrong with that."""
        problems = []
        deadline = time.monotonic() + PATIENCE
        for child in self.children.values():
            child.leave()
        for child in self.children.values():
            try:
                child.wait(deadline)
            except Failed as problem:
                problems.append(str(problem))
            child.close()
        self._reports.close()
        return problems
