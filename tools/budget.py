"""Hold the length budgets that ruff has no rule for: lines per file, code lines per function."""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_LINES = 400
PATTERN_FILE_LINES = 150
NO_LIMIT = frozenset({"zmqthread/constants.py"})  # a list of numbers has the length it has
FUNCTION_MEDIAN = 6
FUNCTION_P90 = 20

SILENT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def code_lines(source: str) -> set[int]:
    """Return the numbers of the lines that hold code, not only a comment or nothing."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is None:
        return set()
    return set(range(first.lineno, (first.end_lineno or first.lineno) + 1))


def function_lengths(source: str) -> Iterator[int]:
    """Yield the code lines of each function, its docstring, comments and blanks left out."""
    code = code_lines(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            span = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            yield len((span & code) - docstring_lines(node))


def complaints(package: Path) -> Iterator[str]:
    """Yield one line for each budget that is exceeded."""
    lengths: list[int] = []
    for path in sorted(package.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        limit = PATTERN_FILE_LINES if "patterns" in path.parts else FILE_LINES
        name = path.relative_to(package.parent).as_posix()
        if (count := len(source.splitlines())) > limit and name not in NO_LIMIT:
            yield f"{name}: {count} lines, the budget is {limit}"
        lengths.extend(function_lengths(source))
    if len(lengths) < 2:
        return
    median, p90 = statistics.median(lengths), statistics.quantiles(lengths, n=10)[-1]
    print(f"{len(lengths)} functions, code lines: median {median:g}, p90 {p90:g}")
    if median > FUNCTION_MEDIAN:
        yield f"median function has {median:g} code lines, the budget is {FUNCTION_MEDIAN}"
    if p90 > FUNCTION_P90:
        yield f"p90 of functions is {p90:g} code lines, the budget is {FUNCTION_P90}"


def main() -> int:
    found = list(complaints(Path(__file__).parent.parent.joinpath("zmqthread")))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
