"""Sphinx directives for tables that are made from the project itself, so that they cannot go stale.

``conformance-table`` and ``hostile-table`` read the names of the tests, ``differences-table`` reads
``differences.toml`` and looks its tests up, ``options-table`` reads the library's table of options.
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from sphinx.util.docutils import SphinxDirective

from zmqthread.constants import SocketType
from zmqthread.options import ContextOptions, Options, OptionSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

    from zmqthread.option_types import Row

ROOT = Path(__file__).parent.parent.parent
#: The scopes that a name may begin with, each followed by ids: "test_rfc26_c07_hostile_c1_...".
SCOPE = re.compile(r"rfc\d+|hostile")
ROW = re.compile(r"[a-z]\d+")
#: Ids of hostile input that can be nothing else: the RFCs' have other letters, and two digits.
HOSTILE_ROW = re.compile(r"[dfghinux]\d+|[bckpwz]\d")
NO_TEST = "none yet"
OPTION_TABLES: dict[str, type[OptionSet]] = {"socket": Options, "context": ContextOptions}


class FoundTest(NamedTuple):
    """A test function: its name and its first line of explanation."""

    name: str
    summary: str


def summary_of(node: ast.FunctionDef) -> str:
    """Return the first line of the docstring, or the words of the name."""
    if text := ast.get_docstring(node):
        return text.splitlines()[0]
    return " ".join(split_name(node.name)[1])


def split_name(name: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the rows that a test's name says it is of, as scope and id, and its other words."""
    words = name.removeprefix("test_").split("_")
    scope = ""
    rows: list[tuple[str, str]] = []
    while words:
        if SCOPE.fullmatch(words[0]):
            scope = words[0]
        elif HOSTILE_ROW.fullmatch(words[0]):
            rows.append(("hostile", words[0].upper()))
        elif scope and ROW.fullmatch(words[0]):
            rows.append((scope, words[0].upper()))
        else:
            break
        del words[0]
    return rows, words


def find_tests() -> list[FoundTest]:
    """Return every test function of the suite."""
    found: list[FoundTest] = []
    for path in sorted(ROOT.joinpath("tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        found += (FoundTest(f.name, summary_of(f)) for f in functions if f.name.startswith("test_"))
    return found


def begins_with(name: str, start: str) -> bool:
    """Tell whether ``name`` is ``start`` or continues it with a new word."""
    return name == start or name.startswith(start + "_")


def holds(name: str, reference: str) -> bool:
    """Tell whether a test is one that a reference means: by its beginning, or by its rows."""
    rows, words = split_name(reference)
    own, rest = split_name(name)
    by_rows = rows and set(rows) <= set(own) and rest[: len(words)] == words
    return begins_with(name, reference) or bool(by_rows)


def list_table(header: Sequence[str], rows: Iterable[Sequence[str]], widths: str) -> str:
    """Return reStructuredText of a table; a cell may hold several paragraphs."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (header, *rows):
        for column, cell in enumerate(row):
            first, *rest = cell.split("\n")
            lines.append(f"{'   * -' if column == 0 else '     -'} {first}".rstrip())
            lines.extend(f"       {line}".rstrip() for line in rest)
    return "\n".join(lines) + "\n"


def literals(names: Iterable[str]) -> str:
    return ", ".join(f"``{name}``" for name in names)


class ConformanceTable(SphinxDirective):
    """The requirements of the RFCs that have a test, one row each."""

    def run(self) -> list[nodes.Node]:
        rows: dict[tuple[int, str], list[FoundTest]] = {}
        for test in find_tests():
            for scope, row in split_name(test.name)[0]:
                if scope != "hostile":
                    rows.setdefault((int(scope.removeprefix("rfc")), row), []).append(test)
        if not rows:
            return self.parse_text_to_nodes("No requirement has a test yet.")
        text = f"{len(rows)} requirements have a test.\n\n" + list_table(
            ("RFC", "id", "what is shown", "tests"),
            (
                (
                    str(rfc),
                    row,
                    "; ".join(t.summary for t in tests),
                    literals(t.name for t in tests),
                )
                for (rfc, row), tests in sorted(rows.items())
            ),
            "5 5 45 45",
        )
        return self.parse_text_to_nodes(text)


class HostileTable(SphinxDirective):
    """The rows of hostile input that have a test."""

    def run(self) -> list[nodes.Node]:
        rows: dict[str, list[FoundTest]] = {}
        for test in find_tests():
            for scope, row in split_name(test.name)[0]:
                if scope == "hostile":
                    rows.setdefault(row, []).append(test)
        if not rows:
            return self.parse_text_to_nodes("No hostile input has a test yet.")
        text = f"{len(rows)} kinds of hostile input have a test.\n\n" + list_table(
            ("row", "what is shown", "tests"),
            (
                (row, "; ".join(t.summary for t in tests), literals(t.name for t in tests))
                for row, tests in sorted(rows.items(), key=lambda item: natural(item[0]))
            ),
            "5 50 45",
        )
        return self.parse_text_to_nodes(text)


def natural(row: str) -> tuple[str, int]:
    """Sort G2 before G10."""
    return row[0], int(row[1:])


class DifferencesTable(SphinxDirective):
    """The intended differences from libzmq of one area, each with the tests that hold it."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        source = ROOT / "docs" / "differences.toml"
        self.env.note_dependency(str(source))
        rows = tomllib.loads(source.read_text(encoding="utf-8"))["row"]
        area = self.arguments[0]
        names = [test.name for test in find_tests()]
        chosen = [self._cells(row, names) for row in rows if row["area"] == area]
        if not chosen:
            raise self.error(f"differences.toml has no area {area!r}")
        header = ("libzmq", "zmqthread", "why", "test")
        return self.parse_text_to_nodes(list_table(header, chosen, "30 30 20 20"))

    @staticmethod
    def _cells(row: dict[str, str], names: Sequence[str]) -> tuple[str, ...]:
        tests = [n for n in names if any(holds(n, reference) for reference in row["tests"])]
        return row["libzmq"], row["zmqthread"], row["why"], literals(tests) or NO_TEST


class OptionsTable(SphinxDirective):
    """The options of sockets or of contexts: the library's own table, and a sentence for each.

    ``:only:`` chooses rows by name, and leaves the headings out.
    """

    required_arguments = 1
    option_spec: ClassVar = {"only": str.split}

    def run(self) -> list[nodes.Node]:
        source = ROOT / "docs" / "options.toml"
        self.env.note_dependency(str(source))
        kind = self.arguments[0]
        groups = tomllib.loads(source.read_text(encoding="utf-8"))[kind]
        rows = {row.name: row for row in OPTION_TABLES[kind].ROWS}
        sentences = {name: text for group in groups.values() for name, text in group.items()}
        if stray := rows.keys() ^ sentences.keys():
            raise self.error(f"in only one of the table and options.toml: {sorted(stray)}")
        if only := self.options.get("only"):
            groups = {"": {name: sentences[name] for name in only}}
        text = "".join(self._group(title, group, rows) for title, group in groups.items())
        return self.parse_text_to_nodes(text)

    @staticmethod
    def _group(title: str, sentences: dict[str, str], rows: dict[str, Row[Any]]) -> str:
        header = ("option", "what it does", "default", "takes", "for")
        cells = [option_cells(rows[name], text) for name, text in sentences.items()]
        rubric = f".. rubric:: {title}\n\n" if title else ""
        return rubric + list_table(header, cells, "24 40 12 14 10") + "\n"


def option_cells(row: Row[Any], sentence: str) -> tuple[str, ...]:
    """Return the cells of one option."""
    names = literals((row.name, *sorted(row.aliases)))
    access = {(True, False): ", read only", (False, True): ", set only"}
    names += f" ({row.number}{access.get((row.readable, row.writable), '')})"
    if row.live:
        sentence += " Takes effect at once."
    if row.feature is not None:
        sentence += f" Needs the feature ``{row.feature}``."
    default = f"``{row.default!r}``" if not row.dynamic and isinstance(row.default, int) else ""
    kinds = row.kind if isinstance(row.kind, tuple) else (row.kind,)
    takes = (
        " or ".join(kind.__name__ for kind in kinds) + " " + row.check.why.removeprefix("must be ")
    )
    types = [] if row.types is None else [t.name for t in SocketType if t in row.types]
    return names, sentence, default, takes if row.writable else "", " ".join(types)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.add_directive("conformance-table", ConformanceTable)
    app.add_directive("hostile-table", HostileTable)
    app.add_directive("differences-table", DifferencesTable)
    app.add_directive("options-table", OptionsTable)
    return {"parallel_read_safe": True}
