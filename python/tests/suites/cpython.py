"""The interpreter's own tests of whatever uses `http.client`, as they are, stock and swapped."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from compare import Outcomes, compare, outcomes

SUITES = [
    "test_httplib",
    "test_urllib",
    "test_urllib2",
    "test_urllib2_localnet",
    "test_xmlrpc",
    "test_docxmlrpc",
] + ["test_httpservers", "test_robotparser", "test_audit", "test_wsgiref"]
# Of this one, the handler that sends its records by HTTP.
LOGGING = ["--match", "HTTPHandlerTest", "test_logging"]


def parts(wanted: Collection[str]) -> list[list[str]]:
    """What of the tests is run together: all, or the files that have these."""
    names = {name for test in wanted for name in test.split(".")}
    suites = [suite for suite in SUITES if suite in names]
    logging = LOGGING if LOGGING[-1] in names else []
    return [part for part in (suites, logging) if part] or [SUITES, LOGGING]


def main() -> int:
    """Compare all of them; 0 if none is worse."""
    if find_spec("test") is None or find_spec("test.test_httplib") is None:
        print("skipped: this interpreter comes without its tests")
        return 0
    with tempfile.TemporaryDirectory() as folder:

        def run(swapped: bool, wanted: Collection[str]) -> Outcomes:
            report = Path(folder, "report.xml")
            found: Outcomes = {}
            for suites in parts(wanted):
                # Two files at a time, unless each is to be alone.
                options = ["--junit-xml", str(report), "--timeout", "300", "-j1" if wanted else "-j2"]
                command = [sys.executable, "-m", "test", *options, *suites]
                found |= outcomes(command, report, Path(folder), swapped)
            return found

        return 0 if compare(f"CPython's tests, {sys.version.split()[0]}", run) else 1


if __name__ == "__main__":
    sys.exit(main())
