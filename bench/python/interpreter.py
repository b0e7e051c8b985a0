"""An interpreter, and the processes in which its clients are measured."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from clients import INSTALLED, USERS
from scenarios import Scenario
from server import Peer

CHILD = str(Path(__file__).with_name("child.py"))

# Without what would change the clients' ways: proxies, and roots of the user's own.
SURROUNDINGS = {
    name: value for name, value in os.environ.items() if not name.lower().endswith(("_proxy", "_ca_bundle"))
}

# Instructions are the slope between two runs of so many requests, so that what starting up costs cancels out.
SLOPE = (200, 1200)

VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")

# Strings hash alike in every run, and the C library copies by vectors: the instruction that copies a whole
# block would be counted once for each byte.
REPEATABLE = {"PYTHONHASHSEED": "0", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-ERMS"}


class Failed(Exception):
    """A measurement that came to nothing."""


class Child:
    """A client, warmed up, that does a round whenever it is asked."""

    def __init__(self, program: str, job: str, under: tuple[str, ...] = (), **env: str) -> None:
        self._said = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 (`end` closes it)
        self._process = subprocess.Popen(
            [*under, program, CHILD, job],
            env=SURROUNDINGS | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            bufsize=1,
        )
        self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Failed(self.end())
        return line

    def round(self) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        return json.loads(self._line())

    def end(self) -> str:
        """Gives what it said to standard error."""
        self._process.communicate()
        with self._said as said:
            said.seek(0)
            return said.read()


class Python:
    """An interpreter, with what the clients in it can do."""

    def __init__(self, program: str) -> None:
        self.program = program
        about = json.loads(subprocess.check_output([program, CHILD]))
        self.version: str = about["version"]
        self._abilities: dict[str, list[str]] = about["clients"]

    def can(self, client: str, scenario: Scenario) -> bool:
        is_user = client.rstrip(INSTALLED) in USERS
        return scenario.does in self._abilities.get(client, ()) and (scenario.users or not is_user)

    def start(self, client: str, scenario: Scenario, peer: Peer) -> Child:
        return Child(self.program, job(client, scenario, peer))

    def instructions(self, client: str, scenario: Scenario, peer: Peer) -> float:
        """Of the processor, per request."""

        def total(units: int) -> int:
            child = Child(self.program, job(client, scenario, peer, units), VALGRIND, **REPEATABLE)
            child.round()
            return int(re.findall(r"Collected : (\d+)", child.end())[-1])

        few, many = SLOPE
        return (total(many) - total(few)) / (many - few)


def job(client: str, scenario: Scenario, peer: Peer, units: int | None = None) -> str:
    return json.dumps({"client": client, "scenario": scenario.name, "peer": peer, "units": units})
