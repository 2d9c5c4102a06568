"""Draw how cost grows: docs/performance_*.svg from docs/performance.json, with matplotlib.

Every curve is relative to its own first point, or to a twin measured in the same rounds.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

from tools.perf.tables import RESULTS, TITLES


class Curve(NamedTuple):
    """What is drawn: along which key, which keys upwards with which names."""

    along: str
    label: str
    upwards: dict[str, str]


CURVES = {
    "topics": Curve(
        "topics", "cost to the fewest", {"miss_to_base": "not wanted", "hit_to_base": "wanted"}
    ),
    "peers": Curve(
        "peers", "round trip to that alone", {"p50_to_alone": "p50", "p99_to_alone": "p99"}
    ),
    "sizes": Curve("size", "round trip to the smallest", {"roundtrip_to_base": "round trip"}),
    "subscribers": Curve(
        "subscribers", "cost of a delivery to one subscriber", {"delivery_to_base": "delivery"}
    ),
}


def draw(pyplot: Any, name: str, figures: dict[str, Any], to: Path) -> None:
    """Draw one measurement; the bars span the rounds."""
    curve = CURVES[name]
    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
    for library, every in figures.items():
        rows = [row for row in every if "error" not in row]
        along = [row[curve.along] for row in rows]
        for key, label in curve.upwards.items():
            values = [_spread(row[key]) for row in rows]
            middle = [value[0] for value in values]
            below = [value[0] - value[1] for value in values]
            above = [value[2] - value[0] for value in values]
            axes.errorbar(
                along, middle, (below, above), marker="o", capsize=2, label=f"{library}: {label}"
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(TITLES[name].lower())
    axes.set_ylabel(curve.label)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
    figure.savefig(to, metadata={"Date": None})  # the same figures give the same file
    pyplot.close(figure)


def _spread(value: Any) -> tuple[float, float, float]:
    if isinstance(value, dict):
        return value["ratio"], value["least"], value["most"]
    return value, value, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="the results")
    parser.add_argument("--to", type=Path, metavar="FOLDER", default=RESULTS.parent)
    wanted = parser.parse_args()
    if not wanted.json.exists():
        parser.error(f"there is no {wanted.json}: tools.perf.growth writes it with --json")
    results = json.loads(wanted.json.read_text(encoding="utf-8"))
    if "growth" not in results:
        parser.error(f"{wanted.json} has nothing of tools.perf.growth")
    try:
        import matplotlib as mpl
    except ImportError:
        parser.error("matplotlib is missing; the extra docs has it")
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "zmqthread"
    from matplotlib import pyplot

    figures = results["growth"]["figures"]
    for name in (each for each in CURVES if each in figures):
        to = wanted.to / f"performance_{name}.svg"
        draw(pyplot, name, figures[name], to)
        print(f"drew {to.name}")


if __name__ == "__main__":
    main()
