"""Run pyzmq's own measurements (its ``perf/perf.py``) on libzmq and on this engine; print ratios.

The two take turns, so that what else the machine does meets both.  For each cell: the medians of
the rounds (microseconds for lat, messages a second for thr), the ratio of each pair of runs, and
the least processor time of both processes, in microseconds a message.

Run by a Python in which pyzmq is installed; to fetch the script takes scikit-build-core as well,
by which pip looks at pyzmq's source distribution without building it::

    python -m pip install pyzmq scikit-build-core
    python -m tools.pyzmq_perf --rounds 5
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

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


class Figures(NamedTuple):
    """What one run gave."""

    #: Microseconds (lat) or messages per second (thr), as perf.py has it.
    figure: float
    #: Seconds that both processes took, with what they need to begin.
    processor: float


def measure(script: Path, cell: Cell, count: int, backend: str) -> Figures:
    """Run perf.py once."""
    environment = {key: value for key, value in os.environ.items() if key != "PYZMQ_BACKEND"}
    if backend:
        environment |= {"PYTHONPATH": str(ROOT), "PYZMQ_BACKEND": backend}
    command = [sys.executable, str(script), cell.test, *cell.more, "-s", str(cell.size)]
    command += ["-n", str(count), "--url", f"tcp://127.0.0.1:{free_port()}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, check=True, env=environment, capture_output=True, text=True, timeout=300
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = _RESULT.search(done.stdout)
    if found is None:
        raise ValueError(f"perf.py printed no figure: {done.stdout}")
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figures(float(found[1]), took)


def both(script: Path, cell: Cell, count: int, rounds: int) -> tuple[list[Figures], list[Figures]]:
    """Run one cell with both engines in turn."""
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(measure(script, cell, count, ""))
        ours.append(measure(script, cell, count, "zmqthread.backend"))
    return theirs, ours


def compare(script: Path, cell: Cell, rounds: int) -> None:
    """Measure one cell and print a line of the table; a ratio above 1 is in our favour."""
    idle = both(script, cell, 1, rounds)
    runs = both(script, cell, cell.count, rounds)
    figures = [statistics.median(one.figure for one in run) for run in runs]
    processor = [
        min(one.processor for one in run) - min(one.processor for one in start)
        for start, run in zip(idle, runs, strict=True)
    ]
    pairs = [(one.figure, other.figure) for one, other in zip(*runs, strict=True)]
    ratios = [one / other if cell.test == "lat" else other / one for one, other in pairs]
    each = [seconds / cell.count * 1e6 for seconds in processor]
    print(
        f"{cell!s:22} {figures[0]:11,.0f} {figures[1]:11,.0f}"
        f" {statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        f" {each[0]:9,.1f} {each[1]:9,.1f} {each[0] / each[1]:6.2f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--script", type=Path, help="perf.py, instead of fetching it")
    options = parser.parse_args()
    if options.script is None and find_spec("scikit_build_core") is None:
        parser.error("to fetch perf.py takes scikit-build-core; install that, or give --script")
    print(f"{'perf.py':22} {'libzmq':>11} {'zmqthread':>11}  ratio {'processor:':>22}  libzmq ...")
    with tempfile.TemporaryDirectory() as folder:
        script = options.script or download(Path(folder)) / "perf" / "perf.py"
        for cell in CELLS:
            compare(script, cell, options.rounds)


if __name__ == "__main__":
    main()
