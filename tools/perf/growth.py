"""How cost grows with topics, idle peers, sizes and subscribers, and what being idle costs.

Each measurement has processes of its own. Machines are noisy: compare the figures of one run only.
Needs Linux, whose ``/proc`` tells memory, processor time and wake-ups of a process.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.perf import common, idle, peers, readings, sizes, subscribers, topics
from tools.perf.child import ChildError, OutOfTimeError
from tools.perf.plan import FULL, QUICK, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEASUREMENTS: dict[str, Callable[[str, Plan], Iterator[dict[str, Any]]]] = {
    "topics": topics.measure,
    "peers": peers.measure,
    "sizes": sizes.measure,
    "subscribers": subscribers.measure,
    "idle": idle.measure,
}
CURVES = ("topics", "peers", "sizes", "subscribers")


def parse() -> tuple[argparse.Namespace, list[str]]:
    """Read the command line; return it, and the names of what is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"some of {','.join(MEASUREMENTS)}")
    parser.add_argument("--quick", action="store_true", help="few points, all of them small")
    parser.add_argument("--against", choices=["pyzmq"], help="measure this library as well")
    parser.add_argument("--limit", type=common.seconds, help="seconds for one point of a curve")
    parser.add_argument("--window", type=common.seconds, help="seconds of watching what is idle")
    parser.add_argument("--rounds", type=common.positive, help="how often each point is taken")
    for curve in CURVES:
        parser.add_argument(
            f"--{curve}", type=points, metavar="N,N", help="the points of this curve, ascending"
        )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here as well")
    wanted = parser.parse_args()
    if not readings.AVAILABLE:
        parser.error("this needs Linux's /proc")
    return wanted, common.pick(parser, wanted.only, list(MEASUREMENTS))


def points(text: str) -> tuple[int, ...]:
    """Read the points of a curve."""
    values = tuple(common.positive(each) for each in text.split(","))
    if list(values) != sorted(set(values)):
        raise argparse.ArgumentTypeError(f"{text} does not ascend")
    return values


def plan_of(wanted: argparse.Namespace) -> Plan:
    """Return the plan that the command line asks for."""
    names = ("limit", "window", "rounds", *CURVES)
    changes = {name: value for name in names if (value := getattr(wanted, name)) is not None}
    return dataclasses.replace(QUICK if wanted.quick else FULL, **changes)


def attempt(name: str, library: str, plan: Plan) -> list[dict[str, Any]]:
    """Measure; a failure is the last row of a curve, and the others are still measured."""
    rows = []
    print(f"{name}: {library} ...", file=sys.stderr, flush=True)
    try:
        for row in MEASUREMENTS[name](library, plan):
            rows.append(row)  # noqa: PERF402 - those before a failure are kept
    except OutOfTimeError:
        rows.append({"error": f"a point took more than {plan.limit:g} s"})
    except ChildError as error:
        rows.append({"error": str(error)})
    return rows


def main() -> None:
    wanted, names = parse()
    plan = plan_of(wanted)
    libraries = [common.OURS, *filter(None, [wanted.against])]
    figures: dict[str, Any] = {name: {} for name in names}
    for name in names:
        for library in libraries:
            figures[name][library] = attempt(name, library, plan)
    result = {
        "machine": common.machine(libraries),
        "plan": dataclasses.asdict(plan),
        "figures": figures,
    }
    print(json.dumps(result, indent=1))
    if wanted.json:
        common.write_part(wanted.json, "growth", result)
    failed = [name for name in names if any("error" in rows[-1] for rows in figures[name].values())]
    sys.exit(f"not measured: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
