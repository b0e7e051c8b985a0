"""Measures the Python package beside http.client and others: `python bench/python/run.py --help`."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import tables
from clients import CLIENTS
from interpreter import Child, Failed, Python
from results import Results, Row
from scenarios import KINDS, SCENARIOS, Scenario
from server import Peer, serving

# A client that has taken so many seconds of processor time in a scenario is done with it.
PATIENCE = 3.0


def measure(python: Python, scenario: Scenario, names: list[str], peer: Peer, rounds: int) -> list[Row]:
    """Starts every client; then each does a round in its turn, and each round begins with another one."""
    rows = {name: Row(python.version, scenario.name, name) for name in names if python.can(name, scenario)}
    children: dict[str, Child] = {}

    def take(name: str, step: Callable[[], None]) -> None:
        """A step of a client; if it fails, the client takes no part."""
        try:
            step()
        except Failed as failed:
            print(f"{name} is left out of {scenario.name}: {failed}", file=sys.stderr)
            children.pop(name, None)
            del rows[name]

    def start(name: str) -> None:
        children[name] = python.start(name, scenario, peer)

    def round_of(name: str) -> None:
        rows[name].add(children[name].round())
        if sum(rows[name].cpu) > PATIENCE:
            children.pop(name).end()

    for name in list(rows):
        take(name, partial(start, name))
    for turn in range(rounds):
        order = list(children)
        first = turn % max(1, len(order))
        for name in order[first:] + order[:first]:
            take(name, partial(round_of, name))
    for child in children.values():
        child.end()
    return list(rows.values())


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the Python package beside http.client and others.")
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--scenario", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--kind", action="append", choices=KINDS, help="only scenarios of this kind")
    parser.add_argument("--client", action="append", choices=CLIENTS, metavar="NAME", help=", ".join(CLIENTS))
    parser.add_argument("--rounds", type=int, default=11, help="how often each is measured (%(default)s)")
    parser.add_argument("--instructions", action="store_true", help="count them too, where valgrind is")
    parser.add_argument("--python", action="append", metavar="PROGRAM", help="measure in these interpreters")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results, in place of older ones")
    parser.add_argument("--server", metavar="PROGRAM", help="the benchmarks' program, if it is built already")
    args = parser.parse_args()

    pythons = [Python(program) for program in args.python or [sys.executable]]
    results = Results.load(args.json) if args.json and args.json.exists() else Results()
    with serving(args.server) as server:
        for python in pythons:
            for scenario in SCENARIOS:
                if scenario.name not in (args.scenario or names) or scenario.kind not in (args.kind or KINDS):
                    continue
                peer = server.tls if scenario.tls else server.plain
                rows = measure(python, scenario, args.client or list(CLIENTS), peer, args.rounds)
                if args.instructions and shutil.which("valgrind"):
                    for row in rows:
                        if row.client in scenario.counted:
                            row.instructions = python.instructions(row.client, scenario, peer)
                if rows:
                    results.put(rows)
                    print(f"{python.version}, {scenario.name}: {scenario.about}.\n")
                    print(tables.scenario(rows, scenario), flush=True)
                if args.json:
                    results.save(args.json)
    print(tables.targets(results))


if __name__ == "__main__":
    main()
