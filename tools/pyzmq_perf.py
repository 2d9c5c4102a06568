"""Run pyzmq's own measurements (its ``perf/perf.py``) on libzmq and on this engine; print ratios.

The two take turns, so that what else the machine does meets both.  Each cell is the median of the
rounds.  Run by a Python in which pyzmq is installed::

    python -m tools.pyzmq_perf --rounds 5
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.pyzmq_suite import ROOT, download

_RESULT: Final = re.compile(r"mean (?:latency|throughput) *: *([\d.]+) *\[(µs|msg/s)\]")


@dataclass(frozen=True)
class Cell:
    """One measurement, by the arguments of perf.py."""

    test: str
    size: int
    count: int
    more: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.test, f"{self.size} B", *self.more))


CELLS: Final = (
    Cell("lat", 10, 5_000),
    Cell("lat", 1024, 5_000),
    Cell("lat", 1024, 5_000, ("--poll",)),
    Cell("lat", 65536, 2_000),
    Cell("lat", 1 << 20, 300, ("--no-copy",)),
    Cell("thr", 10, 200_000),
    Cell("thr", 1024, 100_000),
    Cell("thr", 65536, 10_000),
    Cell("thr", 1 << 20, 1_000, ("--no-copy",)),
)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(script: Path, cell: Cell, backend: str) -> float:
    """Return microseconds (lat) or messages per second (thr)."""
    environment = {key: value for key, value in os.environ.items() if key != "PYZMQ_BACKEND"}
    if backend:
        environment |= {"PYTHONPATH": str(ROOT), "PYZMQ_BACKEND": backend}
    command = [sys.executable, str(script), cell.test, *cell.more, "-s", str(cell.size)]
    command += ["-n", str(cell.count), "--url", f"tcp://127.0.0.1:{free_port()}"]
    done = subprocess.run(
        command, check=True, env=environment, capture_output=True, text=True, timeout=300
    )
    found = _RESULT.search(done.stdout)
    if found is None:
        raise ValueError(f"perf.py printed no figure: {done.stdout}")
    return float(found[1])


def compare(script: Path, cell: Cell, rounds: int) -> None:
    """Measure one cell with both engines in turn and print a line."""
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(measure(script, cell, ""))
        ours.append(measure(script, cell, "zmqthread.backend"))
    pairs = list(zip(theirs, ours, strict=True))
    # Above 1 zmqthread is the faster one, whatever the unit.
    ratios = [one / other if cell.test == "lat" else other / one for one, other in pairs]
    middle = statistics.median
    unit = "µs" if cell.test == "lat" else "msg/s"
    print(
        f"{cell!s:24} {middle(theirs):12,.1f} {middle(ours):12,.1f} {unit:5}"
        f" {middle(ratios):6.2f}  ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--script", type=Path, help="perf.py, instead of fetching it")
    options = parser.parse_args()
    print(f"{'perf.py':24} {'libzmq':>12} {'zmqthread':>12}        ratio")
    with tempfile.TemporaryDirectory() as folder:
        script = options.script or download(Path(folder)) / "perf" / "perf.py"
        for cell in CELLS:
            compare(script, cell, options.rounds)


if __name__ == "__main__":
    main()
