"""What the programs share: the choice of a library, arguments, statistics, the file of results."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent.parent
#: What users call a library, and what Python calls it.
LIBRARIES = {"zmqthread": "zmqthread", "pyzmq": "zmq"}
OURS = "zmqthread"
_LAST_ENDPOINT = 32  # in both


def load(library: str) -> Any:
    """Import a library by the name that users know it by."""
    return importlib.import_module(LIBRARIES[library])


def bound_to(socket: Any) -> str:
    """Return the endpoint that a socket has been bound to last."""
    endpoint: bytes = socket.get(_LAST_ENDPOINT)
    return endpoint.rstrip(b"\0").decode()


def positive(text: str) -> int:
    """Read an argument that has to be 1 or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not 1 or more")
    return value


def natural(text: str) -> int:
    """Read an argument that has to be 0 or more."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is negative")
    return value


def seconds(text: str) -> float:
    """Read an argument that is a time."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no time")
    return value


def add_library(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what is measured."""
    parser.add_argument(
        "--library", choices=LIBRARIES, default=OURS, help="what to measure (%(default)s)"
    )


def pick(parser: argparse.ArgumentParser, text: str, names: Sequence[str]) -> list[str]:
    """Return those of the names that a comma-separated argument lists; all if it is empty."""
    wanted = [name for name in text.split(",") if name]
    for name in wanted:
        if name not in names:
            parser.error(f"argument --only: there is no {name!r}; there are {', '.join(names)}")
    return [name for name in names if not wanted or name in wanted]


def percentile(values: Sequence[float], fraction: float) -> float:
    """Return the value that the given fraction of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * fraction), len(ordered) - 1)]


def ratios(over: Sequence[float], under: Sequence[float]) -> dict[str, float]:
    """Compare two series round by round: the median of the ratios, and how far they are apart."""
    each = [a / b for a, b in zip(over, under, strict=True)]
    return {"ratio": statistics.median(each), "least": min(each), "most": max(each)}


def machine(libraries: Sequence[str]) -> dict[str, Any]:
    """Say what a run has been taken with."""
    versions = {name: str(load(name).__version__) for name in libraries}
    if "pyzmq" in versions:
        versions["libzmq"] = load("pyzmq").zmq_version()
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "versions": versions,
    }


def write_part(path: Path, part: str, value: Any) -> None:
    """Replace one part of a file of results and leave the others as they are."""
    whole = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    whole[part] = value
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
