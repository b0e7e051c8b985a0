"""One client doing one scenario in a process of its own: `python child.py JOB`.

It warms up; then, for each line of standard input, it measures one round and prints what that cost, as JSON.
Without a job, it prints what the clients of this interpreter can do.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import IO, Any, NamedTuple

import clients
from scenarios import BY_NAME, LARGE, MIB, THREADS, Scenario
from server import Peer

# A round of small requests takes about so many seconds: of processor time, or of the clock for threads. Short
# rounds that take turns share what else the machine does evenly.
ROUND = 0.05

# So many requests go before, to warm up.
WARM_UP = 50

# What a round gives: see `results.Row`.
Measured = dict[str, float]


class Cost(NamedTuple):
    """Seconds, of the process's own processor time and by the clock."""

    cpu: float
    wall: float

    def per(self, units: int) -> Measured:
        return {"cpu": self.cpu / units, "wall": self.wall / units}


def measured(work: Callable[..., object], *arguments: object, who: int = resource.RUSAGE_SELF) -> Cost:
    before, start = resource.getrusage(who), time.perf_counter()
    work(*arguments)
    wall, after = time.perf_counter() - start, resource.getrusage(who)
    return Cost(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall)


def enough(work: Callable[[int], object], taken: Callable[[Cost], float]) -> int:
    """How often to do it for a round."""
    times = WARM_UP
    while (took := taken(measured(work, times))) < ROUND / 2:
        times *= 4
    return max(WARM_UP, int(times * ROUND / took))


def requests(client: Any, scenario: Scenario, units: int | None) -> Callable[[], Measured]:
    def work(times: int) -> None:
        getattr(client, scenario.does)(scenario.path, scenario.headers or {}, times)

    work(WARM_UP)
    times = units or enough(work, lambda cost: cost.cpu)
    return lambda: measured(work, times).per(times)


def threads(name: str, scenario: Scenario, peer: Peer) -> Callable[[], Measured]:
    own = [clients.make(name, peer) for _ in range(THREADS)]

    def work(times: int) -> None:
        """So many requests, in each thread."""
        running = [
            threading.Thread(target=getattr(client, scenario.does), args=(scenario.path, {}, times))
            for client in own
        ]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    work(WARM_UP)
    times = enough(work, lambda cost: cost.wall)
    return lambda: measured(work, times).per(times * THREADS)


def body(client: Any, scenario: Scenario) -> Callable[[], Measured]:
    do = getattr(client, scenario.does)
    if scenario.does.startswith("upload"):

        def move(what: bytes | IO[bytes] | None, size: int) -> Cost:
            if what and not isinstance(what, bytes):
                what.seek(0)
            return measured(do, scenario.path, what, size)

        move(source(scenario.does, MIB), MIB)
        round_of = partial(move, source(scenario.does, LARGE * MIB), LARGE * MIB)
    else:
        do(f"{scenario.path}/1", MIB)
        round_of = partial(measured, do, f"{scenario.path}/{LARGE}", LARGE * MIB)
    return lambda: round_of().per(1) | {"peak": peak()}


def source(does: str, size: int) -> bytes | IO[bytes] | None:
    """What is uploaded; an iterator is the client's own."""
    if does == "upload_iterator":
        return None
    if does == "upload_bytes":
        return b"x" * size
    file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
    for _ in range(size // MIB):
        file.write(b"x" * MIB)
    return file


def peak() -> int:
    """The most memory this process has had, in bytes. (`ru_maxrss` would count its parent's too.)"""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def imports(name: str) -> Callable[[], Measured]:
    def start(program: str) -> Cost:
        command = [sys.executable, "-c", program]
        return measured(partial(subprocess.run, command, check=True), who=resource.RUSAGE_CHILDREN)

    def once() -> Measured:
        bare, full = start("pass"), start(f"import {clients.load(name).imports}")
        return Cost(full.cpu - bare.cpu, full.wall - bare.wall).per(1)

    once()
    return once


def prepare(name: str, scenario: Scenario, peer: Peer, units: int | None) -> Callable[[], Measured]:
    """Warms up, and gives what measures a round."""
    if scenario.kind == "import":
        return imports(name)
    if scenario.kind == "threads":
        return threads(name, scenario, peer)
    client = clients.make(name, peer)
    return requests(client, scenario, units) if scenario.kind == "requests" else body(client, scenario)


def main() -> None:
    if len(sys.argv) == 1:
        print(json.dumps({"version": platform.python_version(), "clients": clients.abilities()}))
        return
    job = json.loads(sys.argv[1])
    measure = prepare(job["client"], BY_NAME[job["scenario"]], Peer(*job["peer"]), job["units"])
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure()), flush=True)


if __name__ == "__main__":
    main()
