"""What was measured, and the file that keeps it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median


@dataclass
class Row:
    """One client in one scenario: a value for each round."""

    python: str
    scenario: str
    client: str
    # Seconds a unit, of processor time and by the clock.
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    # The most memory, in bytes; for large bodies alone.
    peak: list[float] = field(default_factory=list)
    # Processor instructions a unit, where they were counted.
    instructions: float | None = None
    # How many processes wanted a processor on the average of the last minute.
    load: float = 0.0
    # How many processors the client and the server could use.
    processors: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))

    def add(self, measured: dict[str, float]) -> None:
        for name, value in measured.items():
            getattr(self, name).append(value)
        self.load = max(self.load, os.getloadavg()[0])

    def middle(self, metric: str) -> float:
        return median(getattr(self, metric))


def ratios(over: Row, under: Row, metric: str) -> list[float]:
    """Round by round, of those that both did: what disturbs the machine for a while disturbs both."""
    return [a / b for a, b in zip(getattr(over, metric), getattr(under, metric), strict=False)]


def differences(minuend: Row, subtrahend: Row, metric: str) -> list[float]:
    """As `ratios`."""
    return [a - b for a, b in zip(getattr(minuend, metric), getattr(subtrahend, metric), strict=False)]


@dataclass
class Results:
    rows: list[Row] = field(default_factory=list)

    def put(self, rows: list[Row]) -> None:
        """Adds the rows of a scenario; what another run had measured of it goes, since it can't be compared."""
        new = {(row.python, row.scenario) for row in rows}
        self.rows = [row for row in self.rows if (row.python, row.scenario) not in new] + rows

    def pythons(self) -> list[str]:
        return list(dict.fromkeys(row.python for row in self.rows))

    def of(self, python: str) -> dict[tuple[str, str], Row]:
        return {(row.scenario, row.client): row for row in self.rows if row.python == python}

    def save(self, file: Path) -> None:
        lines = ",\n".join(json.dumps(asdict(row)) for row in self.rows)
        file.write_text(f"[\n{lines}\n]\n")

    @staticmethod
    def load(file: Path) -> Results:
        return Results([Row(**row) for row in json.loads(file.read_text())])
