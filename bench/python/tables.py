"""Results as tables in Markdown."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from results import Results, Row, differences, ratios
from scenarios import MIB, Scenario
from targets import TARGETS, Target


def table(header: list[str], lines: list[list[str]]) -> str:
    """The first column is words, to the left; the others are numbers, to the right."""
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]

    def line(cells: list[str]) -> str:
        padded = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |\n"

    rule = ["-" * (width + 1) + ("-" if at == 0 else ":") for at, width in enumerate(widths)]
    return line(header) + f"|{'|'.join(rule)}|\n" + "".join(map(line, lines))


def scenario(rows: list[Row], about: Scenario) -> str:
    """Costs of one interpreter's clients, and how many times cheaper each is than http.client."""
    by_client = {row.client: row for row in rows}
    stock, raw = by_client.get("stock"), by_client.get("raw")
    in_milliseconds = about.kind in ("body", "import")
    scale, unit = (1e3, "ms") if in_milliseconds else (1e6, "µs")
    columns: dict[str, Callable[[Row], str]] = {
        f"CPU {unit}": lambda row: f"{row.middle('cpu') * scale:,.1f}",
        "from": lambda row: f"{min(row.cpu) * scale:,.1f}",
        "to": lambda row: f"{max(row.cpu) * scale:,.1f}",
    }
    if raw and about.kind != "import":
        columns["over raw"] = lambda row: f"{median(differences(row, raw, 'cpu')) * scale:,.1f}"
    if stock:
        columns["stock / it"] = lambda row: f"{median(ratios(stock, row, 'cpu')):.2f}"
    if about.kind == "threads":
        columns["requests/s"] = lambda row: f"{1 / row.middle('wall'):,.0f}"
        if stock:
            columns["it / stock"] = lambda row: f"{median(ratios(stock, row, 'wall')):.2f}"
    if about.kind == "body":
        columns["peak MiB"] = lambda row: f"{row.middle('peak') / MIB:,.0f}"
    if any(row.instructions for row in rows):
        columns["instructions"] = lambda row: f"{row.instructions:,.0f}" if row.instructions else ""
    return table(
        ["client", *columns], [[row.client, *[show(row) for show in columns.values()]] for row in rows]
    )


def targets(results: Results) -> str:
    """What was to be reached, a column for each interpreter; only what something was measured of."""
    pythons = [results.of(python) for python in results.pythons()]
    lines = []
    for target in TARGETS:
        values = [target.values(rows) for rows in pythons]
        if any(values):
            bound = f"{'≥' if target.at_least else '≤'} {target.bound:g}"
            lines.append([target.what(), bound, *[judged(target, rounds) for rounds in values]])
    return table(["target", "bound", *results.pythons()], lines)


def judged(target: Target, rounds: list[float]) -> str:
    if not rounds:
        return "–"
    value = median(rounds)
    verdict = "met" if target.is_met(value) else "**not met**"
    return f"{value:.2f} ({min(rounds):.2f} to {max(rounds):.2f}) {verdict}"
