"""python -m differential [--cases N] [--seed S] [--case N]"""

from __future__ import annotations

import argparse
import http.client
import sys
import time
from collections import Counter

from . import generate
from .compare import difference, smallest


def main() -> int:
    """Plays the cases and tells what was not the same; the exit code says whether anything was."""
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument(
        "--cases", type=int, default=20_000, metavar="N", help="how many cases (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="another seed makes other cases")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first case")
    parser.add_argument("--case", type=int, metavar="N", help="this case only, with all that it does")
    parser.add_argument("--most", type=int, default=10, metavar="N", help="stop after so many mismatches")
    args = parser.parse_args()
    try:
        import straightwire.client as ours
    except ImportError as fault:
        print(f"differential: {sys.executable} lacks the package: {fault}", file=sys.stderr)
        return 2
    theirs = http.client
    if theirs.HTTPResponse is ours.HTTPResponse:
        print(
            "differential: straightwire is in the place of http.client; unset STRAIGHTWIRE", file=sys.stderr
        )
        return 2

    # What can't be raised while something is being deleted is of no interest here.
    sys.unraisablehook = lambda unraisable: None
    numbers = (
        range(args.first, args.first + args.cases) if args.case is None else range(args.case, args.case + 1)
    )
    rows: Counter[str] = Counter()
    mismatches = 0
    began = time.perf_counter()
    for number in numbers:
        found = difference(generate.case(args.seed, number), ours, theirs)
        if found is None:
            continue
        if found.row is not None:
            rows[found.row] += 1
            continue
        mismatches += 1
        found = smallest(found, ours, theirs)
        print(f"\nMISMATCH in case {number}: python -m differential --seed {args.seed} --case {number}")
        print("\n".join(found.lines()), flush=True)
        if mismatches >= args.most:
            break
    for row, count in sorted(rows.items()):
        print(f"known: {row}: {count}")
    took = time.perf_counter() - began
    print(
        f"Python {sys.version.split()[0]}, seed {args.seed}: {len(numbers)} cases in {took:.0f} s, {mismatches} mismatches"
    )
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
