"""Sphinx directives about zmq.h and libzmq's test programs, made from the code and the tests.

``capi-table`` puts ``zmq_h.txt`` and the flat API side by side, ``libzmq-tests-table`` tells which
tests hold what libzmq's programs show. Both fail when something is missing.
"""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project_tables import find_tests, list_table, literals  # type: ignore[import-not-found]
from sphinx.util.docutils import SphinxDirective

from zmqthread import capi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

ROOT = Path(__file__).parent.parent.parent
PROTOTYPES = ROOT / "docs" / "zmq_h.txt"
PROGRAMS = ROOT / "docs" / "libzmq-tests.toml"
ERRORS = ROOT / "tests" / "capi" / "test_errors.py"


def prototypes() -> Iterator[tuple[str, str, bool]]:
    """Yield each function's group, C prototype and whether it is a draft."""
    group = ""
    for line in PROTOTYPES.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = line[1 : line.index("]")]
        elif line and not line.startswith("#"):
            yield group, line.removeprefix("draft "), line.startswith("draft ")


def signature(name: str) -> str:
    """Return how a function is called in Python, without the types."""
    found = inspect.signature(getattr(capi, name))
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in found.parameters.values()
    ]
    return f"{name}{found.replace(parameters=bare, return_annotation=inspect.Signature.empty)}"


def explanation(name: str) -> str:
    """Return the first line of a function's docstring, or of the method that it stands for."""
    text = (inspect.getdoc(getattr(capi, name)) or "").splitlines()[0]
    if method := re.fullmatch(r"See `zmq_msg_t\.(\w+)`\.", text):
        text = (inspect.getdoc(getattr(capi.zmq_msg_t, method[1])) or "").splitlines()[0]
    return re.sub(r"(?<!`)`([\w.]+)`(?!`)", r"``\1``", text)


def tested_errors() -> dict[str, list[str]]:
    """Return the errors that have a test, by function: what is registered in test_errors.py."""
    source = ERRORS.read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    found: dict[str, list[str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = ast.get_source_segment(source, node.value) or ""
            if value.startswith(('"', "(\n")):
                namespace[node.targets[0].id] = ast.literal_eval(node.value)
        for decorator in getattr(node, "decorator_list", ()):
            call = ast.unparse(decorator).replace("'", '"')
            match = re.match(r'case\((f?".*?"|\w+), "(\w+)"\)', call)
            if match:
                names = match[1].strip('f"')
                names = re.sub(r"\{(\w+)\}", lambda m: namespace[m[1]], names)
                for name in namespace.get(names, names).split():
                    found.setdefault(name, []).append(match[2])
    return found


class CapiTable(SphinxDirective):
    """zmq.h and the flat API side by side."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(PROTOTYPES))
        errors = tested_errors()
        groups: dict[str, list[tuple[str, ...]]] = {}
        names = set()
        for group, prototype, draft in prototypes():
            name = re.search(r"(zmq_\w+) \(", prototype)[1]  # type: ignore[index]
            names.add(name)
            text = explanation(name)
            groups.setdefault(group, []).append(
                (
                    f"``{prototype}``" + (" (draft)" if draft else ""),
                    f"``{signature(name)}``\n\n{text}",
                    " ".join(sorted(set(errors.get(name, ())))),
                )
            )
        there = {n for n in capi.__all__ if n.startswith("zmq_") and not n.endswith("_t")}
        if stray := there ^ names:
            raise self.error(f"in only one of zmq_h.txt and capi: {sorted(stray)}")
        header = ("zmq.h", "zmqthread.capi", "errors")
        text = f"{len(names)} functions.\n\n"
        for group, rows in groups.items():
            text += f".. rubric:: {group}\n\n" + list_table(header, rows, "42 43 15") + "\n"
        return self.parse_text_to_nodes(text)


class ProgramsTable(SphinxDirective):
    """libzmq's test programs, and what holds the same here."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(PROGRAMS))
        areas = tomllib.loads(PROGRAMS.read_text(encoding="utf-8"))
        names = sorted({test.name for test in find_tests()})
        text, programs, missing = "", 0, 0
        for area, rows in areas.items():
            cells = [self._cells(program, row, names) for program, row in rows.items()]
            programs += len(cells)
            missing += sum("missing" in row for row in rows.values())
            header = ("program", "cases", "tests", "remarks")
            text += f".. rubric:: {area}\n\n" + list_table(header, cells, "25 5 45 25") + "\n"
        cases = sum(row["cases"] for rows in areas.values() for row in rows.values())
        intro = f"{programs} programs with {cases} cases; "
        intro += f"{missing} of them are not or not wholly shown.\n\n"
        return self.parse_text_to_nodes(intro + text)

    def _cells(self, program: str, row: dict[str, Any], names: list[str]) -> tuple[str, ...]:
        own = [name for name in names if name.startswith(f"{program}__")]
        for reference in row.get("tests", ()):
            if "/" in reference:
                if not ROOT.joinpath(reference).exists():
                    raise self.error(f"{program}: there is no {reference}")
                own.append(reference)
                continue
            found = [name for name in names if name.startswith(reference)]
            if not found:
                raise self.error(f"{program}: no test begins with {reference}")
            own += found if len(found) < 6 else [f"{reference}..."]
        if not own and "missing" not in row:
            raise self.error(f"{program}: neither tests nor a reason")
        remarks = " ".join(filter(None, (row.get("missing"), row.get("note"))))
        return f"``{program}``", str(row["cases"]), literals(own), remarks


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.add_directive("capi-table", CapiTable)
    app.add_directive("libzmq-tests-table", ProgramsTable)
    return {"parallel_read_safe": True}
