"""The list of intended differences: every row is shown, and held by a test."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.support import ROOT

ROWS = tomllib.loads((ROOT / "docs" / "differences.toml").read_text(encoding="utf-8"))["row"]
#: Rows of what is still to be built: without a test they are intentions.
TO_COME = {"test_rfc15_z55", "test_hostile_w4", "test_hostile_w10"}


def test_every_area_is_on_the_page():
    page = (ROOT / "docs" / "differences.rst").read_text(encoding="utf-8")
    shown = re.findall(r"^\.\. differences-table:: (.+)$", page, re.MULTILINE)
    assert sorted(shown) == sorted({row["area"] for row in ROWS})


@pytest.fixture(scope="module")
def names() -> list[str]:
    """Return the names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    texts = [path.read_text(encoding="utf-8") for path in files]
    return [
        name for text in texts for name in re.findall(r"^\s*def (test_\w+)", text, re.MULTILINE)
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["libzmq"][:30])
def test_every_row_is_held_by_a_test(row, names):
    held = [n for n in names for start in row["tests"] if f"{n}_".startswith(f"{start}_")]
    assert held or row["tests"][0] in TO_COME
