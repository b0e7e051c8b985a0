"""The page on differences has a row for each that is tested, and the other way round."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
PAGE = PROJECT / "docs" / "differences.md"


def rows() -> dict[str, set[str]]:
    """The rows on the Python package, by name: the files that their tests are in."""
    _, _, section = PAGE.read_text().partition("\n## The Python package\n")
    found = {}
    for line in section.splitlines():
        if row := re.match(r"\| `([a-z0-9-]+)` \|.*\| ([^|]+) \|$", line):
            found[row[1]] = set(re.findall(r"`(\w+)`", row[2]))
    return found


def differing() -> dict[str, set[str]]:
    """The differences that have tests, and where."""
    found: dict[str, set[str]] = {}
    for path in HERE.glob("test_*.py"):
        for value in vars(importlib.import_module(path.stem)).values():
            if name := getattr(value, "difference", None):
                found.setdefault(name, set()).add(path.stem)
    return found


def test_each_difference_has_its_row_and_its_test() -> None:
    assert rows() == differing()


def test_what_comparisons_excuse_has_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROJECT / "conformance" / "python")
    known = importlib.import_module("differential.known")
    importlib.import_module("differential.older")
    names = {name for name, _ in known.ROWS}
    recorded = (PROJECT / "conformance" / "python" / "corpus" / "known.py").read_text()
    names.update(re.findall(r'return "([^"]+)"', recorded))
    assert names
    assert names <= rows().keys()
    for name in [name for name in sys.modules if name.partition(".")[0] == "differential"]:
        del sys.modules[name]
