"""``python -m zmqthread demo``: starts the processes, shows what they do, and checks the end."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from zmqthread import __version__
from zmqthread.api.context import Context
from zmqthread.demo import cast
from zmqthread.demo.crew import Crew, Failed
from zmqthread.demo.screen import Screen

#: Seconds for all processes to start.
START = 60.0
#: Seconds without any message while some are missing, after which they count as lost.
STALL = 10.0
#: Seconds between two looks.
STEP = 0.05

DESCRIPTION = """
Starts a dozen processes that exchange messages over tcp, ipc and inproc, shows how many, and checks
that none is lost. Everything stays on this machine.
"""


class Interrupted(Exception):
    """Ctrl-C, or a request to terminate."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def add_to(commands: Any) -> None:
    """Add this command to the command line."""
    parser = commands.add_parser("demo", help="show what it does", description=DESCRIPTION)
    parser.add_argument(
        "--seconds", type=duration, default=5.0, help="how long messages flow (default: 5)"
    )
    parser.add_argument(
        "--peer",
        choices=("zmqthread", "pyzmq"),
        default="zmqthread",
        help="the library of the server, the subscribers and the workers; "
        "pyzmq is the real libzmq (default: zmqthread)",
    )
    parser.set_defaults(run=run)


def duration(text: str) -> float:
    """Return a number of seconds.

    Raises:
        argparse.ArgumentTypeError: it is none, or not above 0.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; 0 if every message arrived."""
    try:
        with signals() as interrupted:
            library, described = peer(arguments.peer)
            Demo(library, described, interrupted).run(arguments.seconds)
    except Failed as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    except Interrupted as stop:
        print("demo: stopped", file=sys.stderr)
        return 128 + stop.signum
    except BrokenPipeError:  # nobody reads what is shown
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 128 + signal.SIGPIPE
    return 0


def peer(name: str) -> tuple[str, str]:
    """Return the module of the other side's library, and what to call it.

    Raises:
        Failed: it is not installed.
    """
    if name == "zmqthread":
        return "zmqthread", f"zmqthread {__version__}"
    try:
        import zmq as pyzmq
    except ImportError as error:
        raise Failed(
            f"--peer pyzmq needs pyzmq, which does not import here ({error}); "
            "install it with: python -m pip install pyzmq"
        ) from None
    return "zmq", f"libzmq {pyzmq.zmq_version()} through pyzmq {pyzmq.__version__}"


@contextmanager
def signals() -> Iterator[Callable[[], None]]:
    """Note signals instead of being interrupted anywhere; gives a function that raises them."""
    seen: list[int] = []
    names = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(name, lambda signum, _: seen.append(signum)) for name in names]

    def check() -> None:
        if seen:
            raise Interrupted(seen[0])

    try:
        yield check
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)


class Demo:
    """One run.

    Args:
        library: the module that the other side imports.
        described: what to call it.
        interrupted: raises if the user wants an end.
    """

    def __init__(self, library: str, described: str, interrupted: Callable[[], None]) -> None:
        self._library = library
        self._described = described
        self._interrupted = interrupted

    def run(self, seconds: float) -> None:
        """Run it from start to end.

        Raises:
            Failed: a message was lost, or a process ended by itself.
            Interrupted: the user wants an end.
        """
        with (
            tempfile.TemporaryDirectory(prefix="zmqthread-") as directory,
            Context() as context,
        ):
            crew = Crew(context, directory)
            try:
                self._play(crew, seconds)
            except BaseException:
                crew.abandon()
                raise
            problems = crew.dismiss()
            if problems:
                raise Failed("; ".join(problems))
        print("Every message arrived, once.", flush=True)

    def _play(self, crew: Crew, seconds: float) -> None:
        print(f"zmqthread {__version__}; the other side is {self._described}.", flush=True)
        cast.start_first(crew, "zmqthread", self._library)
        self._until(crew, crew.all_ready)
        cast.start_others(crew, "zmqthread", self._library)
        self._until(crew, crew.all_ready)
        count = len(crew.children) + 1
        print(f"{count} processes on {os.cpu_count()} processors, {seconds:g} s:", flush=True)
        self._watch(crew, seconds)

    def _until(self, crew: Crew, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START
        while not condition():
            self._step(crew)
            if time.monotonic() > deadline:
                late = [name for name, child in crew.children.items() if not child.report["ready"]]
                raise Failed(f"not ready after {START:g} s: {', '.join(late)}")

    def _step(self, crew: Crew) -> None:
        crew.attend(STEP)
        self._interrupted()

    def _watch(self, crew: Crew, seconds: float) -> None:
        screen = Screen(crew)
        crew.go()
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            self._step(crew)
            screen.show()
        crew.finish()
        self._settle(crew, screen)
        screen.summary(time.monotonic() - start)
        cast.verify(crew)

    def _settle(self, crew: Crew, screen: Screen) -> None:
        counts, moved = screen.counts(), time.monotonic()
        while not cast.settled(crew):
            self._step(crew)
            if counts != screen.counts():
                counts, moved = screen.counts(), time.monotonic()
            elif time.monotonic() - moved > STALL:
                raise Failed("; ".join(self._losses(crew)))

    def _losses(self, crew: Crew) -> Iterator[str]:
        for conversation in cast.CONVERSATIONS:
            lost = cast.missing(crew, conversation)
            if lost:
                yield f"{conversation.name}: {lost:,} messages did not arrive"
            elif not crew.children[conversation.source].report["finished"]:
                yield f"{conversation.name}: the {conversation.source} does not finish"
