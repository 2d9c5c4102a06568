"""Turn the file of results into the tables of the page on performance.

``python -m tools.perf.tables`` reads docs/performance.json and writes docs/performance_tables.inc;
where there are no results, what it writes says how to get them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.perf.common import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RESULTS = ROOT / "docs" / "performance.json"
TABLES = ROOT / "docs" / "performance_tables.inc"
NOTHING = "No figures have been taken with this version: the commands above take them.\n"
QUICK = "*Taken with* ``--quick``: *these figures show that the programs run, and nothing else.*\n"


class Column(NamedTuple):
    """A column: its heading, its key, how its values are printed, and what they are divided by."""

    title: str
    key: str
    form: str = ",.0f"
    unit: float = 1


COLUMNS = {
    "topics": (
        Column("topics", "topics"),
        Column("not wanted, µs", "miss_us", ",.2f"),
        Column("to the fewest", "miss_to_base", ".2f"),
        Column("wanted, µs", "hit_us", ",.2f"),
        Column("to the fewest", "hit_to_base", ".2f"),
        Column("publisher, octets a topic", "publisher_octets_per_topic"),
        Column("subscriber, octets a topic", "subscriber_octets_per_topic"),
        Column("subscribed a second", "subscribes_per_second"),
    ),
    "peers": (
        Column("idle peers", "peers"),
        Column("p50, µs", "p50_us", ",.1f"),
        Column("to alone", "p50_to_alone", ".2f"),
        Column("p99, µs", "p99_us", ",.1f"),
        Column("to alone", "p99_to_alone", ".2f"),
        Column("kB a peer", "server_octets_per_peer", ",.1f", 1000),
        Column("kB a client", "client_octets_per_peer", ",.1f", 1000),
        Column("connected a second", "connected_per_second"),
        Column("idle, % of a processor", "idle_processor_percent", ".2f"),
        Column("wake-ups", "idle_wakeups"),
    ),
    "sizes": (
        Column("octets", "size"),
        Column("round trip, µs", "roundtrip_us", ",.1f"),
        Column("to the smallest", "roundtrip_to_base", ",.2f"),
        Column("ns an octet", "ns_per_octet", ",.2f"),
        Column("peak where asked, kB", "asker_peak_octets", ",.0f", 1000),
        Column("peak where answered, kB", "echoer_peak_octets", ",.0f", 1000),
    ),
    "subscribers": (
        Column("subscribers", "subscribers"),
        Column("processor µs a message", "processor_us_per_message", ",.2f"),
        Column("a delivery", "processor_us_per_delivery", ",.2f"),
        Column("to one subscriber", "delivery_to_base", ".2f"),
        Column("deliveries a second", "deliveries_per_second"),
    ),
    "idle": (
        Column("situation", "situation", ""),
        Column("seconds", "seconds", "g"),
        Column("wake-ups", "wakeups"),
        Column("% of a processor", "processor_percent", ".2f"),
    ),
}
TITLES = {
    "topics": "Topics held",
    "peers": "Idle peers",
    "sizes": "Size of messages",
    "subscribers": "Subscribers",
    "idle": "Nothing to do",
}


def cell(row: dict[str, Any], column: Column) -> str:
    """Print one value; of a comparison its median and its range."""
    value = row[column.key]
    if isinstance(value, dict):
        middle, least, most = (f"{value[key]:{column.form}}" for key in ("ratio", "least", "most"))
        return f"{middle} ({least} to {most})"
    if isinstance(value, str):
        return value
    return f"{value / column.unit:{column.form}}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return reStructuredText of a table."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (header, *rows):
        for index, text in enumerate(row):
            lines.append(f"   {'*' if index == 0 else ' '} - {text}")
    return "\n".join(lines) + "\n"


def origin(run: dict[str, Any], quick: bool) -> str:
    """Say what a run has been taken with."""
    machine = run["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    text = (
        f"{versions}; {machine['python']}; {machine['system']}, "
        f"{machine['processors']} processors.\n"
    )
    return f"{text}\n{QUICK}" if quick else text


def comparison(run: dict[str, Any]) -> str:
    """Return the table of both libraries."""
    libraries = list(run["machine"]["versions"])[:2]
    measured = [row for row in run["rows"] if "error" not in row]
    rows = [
        [
            f"``{row['case']}``",
            *(f"{row['median'][name]:,.1f}" for name in row["median"]),
            row["unit"],
            cell(row, Column("", "advantage", ".2f")) if "advantage" in row else "",
        ]
        for row in measured
    ]
    names = list(measured[0]["median"]) if measured else libraries
    header = ["case", *names, "unit", "ratio (above 1: zmqthread is faster)"]
    return table(header, rows)


def growth(run: dict[str, Any], name: str, pictures: Path) -> str:
    """Return the tables of one measurement, one for each library, and its plot if it was drawn."""
    parts = []
    if (pictures / f"performance_{name}.svg").exists():
        parts.append(f".. image:: performance_{name}.svg\n   :alt: {TITLES[name]}\n")
    for library, rows in run["figures"][name].items():
        parts.append(f"{library}:\n")
        columns = COLUMNS[name]
        cells = [[cell(row, column) for column in columns] for row in rows if "error" not in row]
        if cells:
            parts.append(table([column.title for column in columns], cells))
        if "error" in rows[-1]:
            parts.append(f"No more has been measured: {rows[-1]['error']}.\n")
    return "\n".join(parts)


def heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"


def render(results: dict[str, Any], pictures: Path) -> str:
    """Return the text that the page includes."""
    parts = []
    if run := results.get("compare"):
        parts += [heading("Both libraries", "~"), origin(run, run["quick"]), comparison(run)]
    if run := results.get("growth"):
        parts += [heading("How cost grows", "~"), origin(run, run["plan"]["quick"])]
        for name in (each for each in TITLES if each in run["figures"]):
            parts += [heading(TITLES[name], "^"), growth(run, name, pictures)]
    return "\n".join(parts) or NOTHING


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="the results")
    parser.add_argument("--to", type=Path, default=TABLES, metavar="FILE", help="the tables")
    wanted = parser.parse_args()
    there = wanted.json.exists()
    results = json.loads(wanted.json.read_text(encoding="utf-8")) if there else {}
    wanted.to.write_text(render(results, wanted.to.parent), encoding="utf-8")
    print(f"wrote {wanted.to.name}" + ("" if there else f": there is no {wanted.json.name}"))


if __name__ == "__main__":
    main()
