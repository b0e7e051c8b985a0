"""Two runs of a suite of tests, stock and swapped, compared test by test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from xml.etree import ElementTree

# From the best outcome to the worst.
PASSED, SKIPPED, FAILED, MISSING = "passed", "skipped", "failed", "missing"
ORDER = (PASSED, SKIPPED, FAILED, MISSING)

Outcomes = dict[str, str]

# Runs a suite, swapped or not: of it the files that have these tests, by themselves, or all if no test is named.
Run = Callable[[bool, Collection[str]], Outcomes]

# Some tests pass by luck of time. One that was worse when swapped is run so often again, both ways, with its file
# alone, and is worse if it is each time.
AGAIN = 3

# Seconds for a whole suite, on the slowest machine. Threads that tests leave behind may keep one from ending.
LIMIT = 3600


def compare(title: str, run: Run, python: str | Path = sys.executable) -> bool:
    """Run a suite both ways, print what is worse when swapped, and say whether nothing is."""
    check_swap(python)
    stock, swapped = run(False, ()), run(True, ())
    worse = at_first = differences(stock, swapped)
    for _ in range(AGAIN):
        if worse:
            still = differences(run(False, worse), run(True, worse))
            worse = [test for test in worse if test in still]
    for test in at_first:
        how = "each time" if test in worse else f"not each of {AGAIN} times with its file alone: by chance"
        print(f"  {test}: {stock[test]} stock, {swapped.get(test, MISSING)} swapped, {how}")
    print(f"{title}: stock {totals(stock)}; swapped {totals(swapped)}; {len(worse)} worse", flush=True)
    return not worse and PASSED in stock.values()


def differences(stock: Outcomes, swapped: Outcomes) -> list[str]:
    """The tests that have a worse outcome in the second run."""
    return [
        test
        for test, outcome in stock.items()
        if ORDER.index(swapped.get(test, MISSING)) > ORDER.index(outcome)
    ]


def totals(outcomes: Outcomes) -> str:
    """The tests counted."""
    counts = Counter(outcomes.values())
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in ORDER if counts[outcome]) or "no tests"


def outcomes(command: Sequence[str | Path], report: Path, folder: Path, swapped: bool) -> Outcomes:
    """Run a command that writes a report in JUnit's format, and read that."""
    report.unlink(missing_ok=True)
    output = report.with_suffix(".log")
    with output.open("wb") as log:
        try:
            ended = subprocess.run(
                command,
                cwd=folder,
                env=environment(swapped),
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
                check=False,
            )
            how = f"exit code {ended.returncode}"
        except subprocess.TimeoutExpired:
            how = f"stopped after {LIMIT} s"
    if not report.is_file():
        sys.stdout.buffer.write(output.read_bytes()[-10_000:])
        raise SystemExit(f"{' '.join(map(str, command))} has left no report ({how})")
    found: Outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
        found[name] = max(outcome(case), found.get(name, PASSED), key=ORDER.index)
    return found


def outcome(case: ElementTree.Element) -> str:
    """How a test has ended. One that passes where its authors expect that it can't has passed."""
    for part in case:
        if part.tag in ("failure", "error"):
            surprise = "[XPASS(strict)]" in f"{part.get('message')}{part.text}"
            return PASSED if surprise else FAILED
        if part.tag == "skipped":
            return SKIPPED
    return PASSED


def environment(swapped: bool) -> dict[str, str]:
    """The variables of a run."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("STRAIGHTWIRE")}
    return variables | ({"STRAIGHTWIRE": "1"} if swapped else {})


def check_swap(python: str | Path) -> None:
    """See that the variable does what the comparison relies on, in the interpreter that runs the suite."""
    for swapped, name in (False, "http.client"), (True, "straightwire.client"):
        code = f"import http.client, sys; assert http.client.__name__ == {name!r}, http.client;"
        code += f"assert ('straightwire._engine' in sys.modules) is {swapped}"
        subprocess.run([python, "-c", code], env=environment(swapped), check=True)
