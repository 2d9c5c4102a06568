"""Both libraries in turn: round trips and throughput, medians of rounds, and the ratio.

A ratio above 1 says that zmqthread is faster. Each figure comes from the small programs of this
folder, in processes of their own. Without ``--against`` only zmqthread is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from tools.perf import common

_RESULT = re.compile(r"^(?P<name>[^:]+): (?P<value>[\d.]+) \[(?P<unit>[^]]+)\]$", re.MULTILINE)
_ENDPOINT = re.compile(r"^endpoint: (\S+)$")


class Case(NamedTuple):
    """One line of the comparison."""

    program: str  # lat or thr
    transport: str
    size: int
    messages: int

    @property
    def name(self) -> str:
        return f"{self.program}-{self.transport}-{self.size}"


CASES = (
    *(Case("lat", transport, 1, 10_000) for transport in ("tcp", "ipc", "inproc")),
    Case("lat", "tcp", 65_536, 3_000),
    *(Case("thr", transport, 16, 500_000) for transport in ("tcp", "ipc", "inproc")),
    Case("thr", "tcp", 256, 400_000),
    Case("thr", "tcp", 4_096, 100_000),
    Case("thr", "tcp", 65_536, 15_000),
    Case("thr", "tcp", 1 << 20, 1_500),
    Case("thr", "inproc", 1 << 20, 5_000),
)
#: What of the printed results is compared: its name, its unit, whether less is better.
MEASURES = {"lat": ("median roundtrip", "us", True), "thr": ("mean throughput", "msg/s", False)}
QUICK = 0.01


class MeasureError(Exception):
    """A program has failed or not ended."""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Start one of the small programs."""
    path = os.pathsep.join(filter(None, [str(common.ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", f"tools.perf.{program}", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def finish(process: subprocess.Popen[str], end: float) -> str:
    """Wait for a program and return what it has printed."""
    try:
        printed, _ = process.communicate(timeout=max(end - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        raise MeasureError("it took too long") from None
    if process.returncode:
        raise MeasureError(f"it ended with status {process.returncode}")
    return printed


def endpoint_of(process: subprocess.Popen[str]) -> str:
    """Return the endpoint that a program says it has bound, which is what it prints first."""
    assert process.stdout is not None
    if not (match := _ENDPOINT.match(process.stdout.readline().rstrip())):
        raise MeasureError("it has not bound")
    return match[1]


def run(case: Case, library: str, limit: float) -> float:
    """Measure one case with one library."""
    end = time.monotonic() + limit
    rest = (str(case.size), str(case.messages), "--library", library)
    with contextlib.ExitStack() as stack:

        def begin(program: str, *arguments: str) -> subprocess.Popen[str]:
            process = stack.enter_context(start(program, *arguments))
            stack.callback(process.kill)  # does nothing to one that has ended
            return process

        if case.transport == "inproc":
            printed = finish(begin(f"inproc_{case.program}", *rest), end)
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="perf"))
            anywhere = "tcp://127.0.0.1:*" if case.transport == "tcp" else f"ipc://{folder}/perf"
            local = begin(f"local_{case.program}", anywhere, *rest)
            remote = begin(f"remote_{case.program}", endpoint_of(local), *rest)
            printed = finish(remote, end) + finish(local, end)
    return value_in(printed, case)


def value_in(printed: str, case: Case) -> float:
    """Find the result that is compared in what a program has printed."""
    name, unit, _ = MEASURES[case.program]
    for match in _RESULT.finditer(printed):
        if match["name"] == name and match["unit"] == unit:
            return float(match["value"])
    raise MeasureError(f"it has not printed its {name}")


def measure(case: Case, libraries: list[str], rounds: int, limit: float) -> dict[str, Any]:
    """Take one case with each library in turn, so many times."""
    values: dict[str, list[float]] = {library: [] for library in libraries}
    for _ in range(rounds):
        for library in libraries:
            try:
                values[library].append(run(case, library, limit))
            except MeasureError as error:
                return {"case": case.name, "error": f"{library}: {error}"}
    _, unit, less_is_better = MEASURES[case.program]
    row: dict[str, Any] = {"case": case.name, "unit": unit, "messages": case.messages}
    row["median"] = {library: statistics.median(each) for library, each in values.items()}
    if len(libraries) > 1:
        ours, theirs = values[libraries[0]], values[libraries[1]]
        over, under = (theirs, ours) if less_is_better else (ours, theirs)
        row["advantage"] = common.ratios(over, under)
    return row


def show(row: dict[str, Any]) -> None:
    """Print one line."""
    if "error" in row:
        text = row["error"]
    else:
        text = "  ".join(f"{name} {value:>13,.1f}" for name, value in row["median"].items())
        text += f" {row['unit']:5}"
        if spread := row.get("advantage"):
            text += f"  ratio {spread['ratio']:.2f} ({spread['least']:.2f}-{spread['most']:.2f})"
    print(f"{row['case']:20} {text}", flush=True)


def parse() -> tuple[argparse.Namespace, list[Case]]:
    """Read the command line; return it, and the cases to be measured."""
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", choices=["pyzmq"], help="the library to compare with")
    parser.add_argument("--only", default="", metavar="CASE,CASE", help=", ".join(names))
    parser.add_argument("--rounds", type=common.positive, default=5)
    parser.add_argument("--scale", type=common.seconds, default=1.0, help="times the messages")
    parser.add_argument("--quick", action="store_true", help="one round of few messages")
    parser.add_argument(
        "--limit", type=common.seconds, default=60.0, help="seconds for one figure (%(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here as well")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.rounds, wanted.scale = 1, QUICK
    picked = common.pick(parser, wanted.only, names)
    scaled = (case._replace(messages=max(int(case.messages * wanted.scale), 20)) for case in CASES)
    return wanted, [case for case in scaled if case.name in picked]


def main() -> None:
    wanted, cases = parse()
    libraries = [common.OURS, *filter(None, [wanted.against])]
    rows = []
    for case in cases:
        rows.append(measure(case, libraries, wanted.rounds, wanted.limit))
        show(rows[-1])
    if wanted.json:
        result = {
            "machine": common.machine(libraries),
            "quick": wanted.quick,
            "rounds": wanted.rounds,
            "rows": rows,
        }
        common.write_part(wanted.json, "compare", result)
    failed = [row["case"] for row in rows if "error" in row]
    sys.exit(f"not measured: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
