"""python -m corpus CASES.jsonl [--expected OBSERVATIONS.jsonl]: exits with 0 if all is as recorded, 1 if not, 2 if it can't be run."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from . import known
from .observe import observe

# What is recorded beside the cases, if nothing else is said.
_EXPECTED = "http_client_3.13.jsonl"
_COMPARED = ("outcome", "exc", "partial", "status", "reason", "headers", "body", "keep_alive", "phase")


def main() -> int:
    """Reads all cases, on plain sockets and on derived ones, and tells what came out otherwise."""
    parser = argparse.ArgumentParser(prog="corpus", description=__doc__)
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASES.jsonl")
    parser.add_argument(
        "--expected", type=Path, metavar="FILE.jsonl", help=f"default: {_EXPECTED} beside the cases"
    )
    parser.add_argument(
        "--stock", action="store_true", help="read through the interpreter's own http.client instead"
    )
    args = parser.parse_args()
    try:
        if args.stock:
            import http.client as module
        else:
            import straightwire.client as module  # type: ignore[no-redef]
        cases = [case for file in args.cases for case in _rows(file)]
        expected = {row["id"]: row for row in _rows(args.expected or args.cases[0].parent / _EXPECTED)}
    except (ImportError, OSError, ValueError) as fault:
        print(f"corpus: {fault}", file=sys.stderr)
        return 2
    if not cases:
        print("corpus: no cases in these files", file=sys.stderr)
        return 2

    rows: dict[str, list[str]] = {}
    results: Counter[str] = Counter()
    for case in cases:
        wanted = expected.get(case["id"])
        if wanted is None:
            print(f"corpus: nothing is recorded for {case['id']}", file=sys.stderr)
            return 2
        result = "as recorded"
        for derived in (False, True):
            seen = observe(case, module, derived)
            differing = [name for name in _COMPARED if seen[name] != wanted.get(name)]
            row = known.row_of(case, seen, wanted) if differing else None
            if row is not None:
                result = "otherwise on purpose"
                rows.setdefault(row, []).append(case["id"])
            elif differing:
                result = "otherwise"
                _tell(case, seen, wanted, differing, "a derived socket" if derived else "a socket")
        results[result] += 1
    for row, ids in sorted(rows.items()):
        names = list(dict.fromkeys(ids))
        print(f"on purpose: {row}: {len(names)} ({', '.join(names[:5])}{', …' if len(names) > 5 else ''})")
    print(
        ", ".join(f"{results[name]} {name}" for name in ("as recorded", "otherwise on purpose", "otherwise"))
    )
    return 1 if results["otherwise"] else 0


def _rows(file: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
        if line:
            try:
                rows.append(json.loads(line))
            except ValueError as fault:
                raise ValueError(f"{file}:{number}: {fault}") from None
    return rows


def _tell(
    case: dict[str, Any], seen: dict[str, Any], wanted: dict[str, Any], differing: list[str], over: str
) -> None:
    print(f"FAIL {case['id']}\n  {case['request_method']}, over {over}")
    for name in differing:
        print(f"  {name}\n    recorded: {wanted.get(name)!r:.1000}\n    got: {seen[name]!r:.1000}")


if __name__ == "__main__":
    sys.exit(main())
