"""What the package is to reach: one client's cost over another's, or a cost by itself."""

from __future__ import annotations

from typing import NamedTuple

from results import Row, ratios
from scenarios import MIB

PEERS = ("pycurl", "primp", "pyreqwest", "rnet", "httpr")


class Target(NamedTuple):
    scenario: str
    over: str
    # Nothing: `over` is judged by itself.
    under: str | None
    bound: float
    metric: str = "cpu"
    at_least: bool = True

    def what(self) -> str:
        metric = {"cpu": "CPU", "wall": "clock", "peak": "peak memory, MiB"}[self.metric]
        return f"`{self.scenario}`: {metric}, {self.over}{f' / {self.under}' if self.under else ''}"

    def values(self, rows: dict[tuple[str, str], Row]) -> list[float]:
        """Round by round; none where one of the two wasn't measured."""
        over = rows.get((self.scenario, self.over))
        under = rows.get((self.scenario, self.under)) if self.under else None
        if over and not self.under:
            return [value / MIB for value in getattr(over, self.metric)]
        return ratios(over, under, self.metric) if over and under else []

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


TARGETS = [
    Target("few", "stock", "straightwire", 8),
    Target("h25", "stock", "straightwire", 12),
    Target("tls", "stock", "straightwire", 4.5),
    *[Target(name, peer, "straightwire", 1) for name in ("few", "h25", "tls") for peer in PEERS],
    Target("few", "urllib3", "urllib3+", 1.5),
    Target("h25", "urllib3", "urllib3+", 2),
    Target("few", "requests", "requests+", 1.15),
    Target("h25", "requests", "requests+", 1.3),
    Target("threads", "stock", "straightwire", 4, "wall"),
    Target("read", "straightwire", "stock", 0.575, at_least=False),
    Target("readinto", "straightwire", "raw", 1.05, at_least=False),
    Target("chunks-16k", "pycurl", "straightwire", 1),
    Target("chunks-100", "stock", "straightwire", 15),
    *[
        Target(name, "requests", "straightwire", 1)
        for name in ("upload-bytes", "upload-file", "upload-iterator")
    ],
    *[
        Target(name, "straightwire", None, 125, "peak", at_least=False)
        for name in ("read", "chunks-16k", "chunks-100")
    ],
    Target("import", "straightwire", "stock", 0.5, at_least=False),
]
