"""``python -m zmqthread run``: a program that uses pyzmq, on this engine; and so its children.

Under pyzmq where there is one, in its place where there is none.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any, Final

BACKEND: Final = "zmqthread.backend"
#: See `zmqthread.alias`, which is not imported unless somebody asks for ``zmq``.
ALIAS: Final = str(Path(__file__).resolve().parents[1] / "alias")

DESCRIPTION = """
Runs a Python program that imports zmq with pyzmq on this engine instead of libzmq, and so all
Python programs that it starts. Where pyzmq is not installed, zmq is another name of zmqthread:
without zmq.asyncio, zmq.green and zmq.eventloop, then. PROGRAM is a script, a command such as
jupyter, -m MODULE or -c CODE.
"""


def install_as_pyzmq_backend() -> None:
    """Have pyzmq run on this engine, in this process and in those it starts.

    Raises:
        RuntimeError: pyzmq is imported already, on another engine.
    """
    loaded = sys.modules.get("zmq")
    if loaded is not None:
        home = loaded.backend.Socket.__module__
        if not home.startswith(BACKEND):
            raise RuntimeError(f"zmq is imported already, and runs on {home}")
    prepare(os.environ)


def prepare(environment: MutableMapping[str, str]) -> None:
    """Set the variables that make Python programs use this engine."""
    environment["PYZMQ_BACKEND"] = BACKEND
    # Children find this very package, wherever they are started and whatever it was found by.
    here = str(Path(__file__).resolve().parents[2])
    if not _is_site(here):
        _add_path(environment, here)


def prepare_alone(environment: MutableMapping[str, str]) -> None:
    """Set the variables that make Python programs take this package for pyzmq."""
    prepare(environment)
    _add_path(environment, ALIAS)


def _add_path(environment: MutableMapping[str, str], folder: str) -> None:
    paths = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    if folder not in paths:
        environment["PYTHONPATH"] = os.pathsep.join((folder, *paths))


def _is_site(folder: str) -> bool:
    return Path(folder).name in {"site-packages", "dist-packages"}


def add_to(commands: Any) -> None:
    """Add this command to the command line."""
    parser = commands.add_parser(
        "run",
        help="run a program that uses pyzmq on this engine",
        description=DESCRIPTION,
        usage="python -m zmqthread run PROGRAM [ARGS...]",
        # All that follows is the program's, options and all.
        prefix_chars="+",
        add_help=False,
    )
    parser.add_argument("program", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run, explain=parser.print_help)


def run(arguments: argparse.Namespace) -> int:
    """Run the program in place of this one; return only if that fails."""
    program: list[str] = arguments.program
    if program[:1] in ([], ["-h"], ["--help"]):
        arguments.explain()
        return 0 if program else 2
    command = command_of(program)
    if command is None:
        print(f"run: there is no {program[0]!r}, neither here nor on the path", file=sys.stderr)
        return 127
    if importlib.util.find_spec("zmq") is None:
        prepare_alone(os.environ)
    else:
        prepare(os.environ)
    if os.name == "posix":  # elsewhere exec makes another process, and this one ends at once
        os.execv(command[0], command)
    return subprocess.call(command)


def command_of(program: Sequence[str]) -> list[str] | None:
    """Return the whole command for a script, a module, code, or something on the path."""
    first = program[0]
    if first.startswith("-") or first.endswith((".py", ".pyz")) or Path(first).is_dir():
        return [sys.executable, *program]
    found = shutil.which(first)
    if found is not None:
        return [found, *program[1:]]
    return [sys.executable, *program] if Path(first).is_file() else None
