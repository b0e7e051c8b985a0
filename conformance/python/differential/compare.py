"""Two plays of a case held against each other, and a difference made as small as it gets."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

from . import older  # noqa: F401  (adds rows)
from .case import Case
from .known import row_of
from .play import Entry, play


class Difference(NamedTuple):
    """The first call after which something is not the same."""

    case: Case
    ours: Entry
    theirs: Entry
    # The row of the table of differences that tells of it, if there is one.
    row: str | None

    def lines(self) -> list[str]:
        """As it is shown to people."""
        shown = self.case.lines()
        shown += [f"  {step!r}" for step in self.case.steps]
        shown.append(f"differs at {self.ours.call!r}:")
        for name, ours, theirs in zip(Entry._fields, self.ours, self.theirs, strict=True):
            if ours != theirs:
                shown += [
                    f"  {name}",
                    f"    http.client: {theirs!r:.3000}",
                    f"    straightwire: {ours!r:.3000}",
                ]
        return shown


def difference(case: Case, ours: ModuleType, theirs: ModuleType) -> Difference | None:
    """What is not the same when a case is played on both modules."""
    here, there = play(case, ours), play(case, theirs)
    if here == there:
        return None
    for mine, yours in zip(here, there, strict=False):
        if mine != yours:
            return Difference(case, mine, yours, row_of(case, mine, yours))
    return None


def smallest(found: Difference, ours: ModuleType, theirs: ModuleType) -> Difference:
    """The same difference with whatever can be left out left out."""

    def still(case: Case) -> Difference | None:
        again = difference(case, ours, theirs)
        return again if again is not None and again.row is None else None

    budget = 600
    shrunk = True
    while shrunk and budget > 0:
        shrunk = False
        for smaller in _smaller(found.case):
            budget -= 1
            again = still(smaller)
            if again is not None:
                found, shrunk = again, True
                break
            if budget <= 0:
                break
    return found


def _smaller(case: Case):  # type: ignore[no-untyped-def]
    """Cases with something less, the largest parts first."""
    if case.overridden:
        yield replace(case, overridden=())
        for name in case.overridden:
            yield replace(case, overridden=tuple(other for other in case.overridden if other != name))
    if case.debuglevel:
        yield replace(case, debuglevel=0)
    for at in reversed(range(len(case.steps))):
        yield replace(case, steps=case.steps[:at] + case.steps[at + 1 :])
    for number, wire in enumerate(case.wires):
        lines = wire.splitlines(keepends=True) if len(wire) < 5000 else []
        for at in range(len(lines)):
            less = b"".join(lines[:at] + lines[at + 1 :])
            yield replace(case, wires=[*case.wires[:number], less, *case.wires[number + 1 :]])
