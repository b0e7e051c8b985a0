"""The interpreter's own tests of whatever uses `http.client`, as they are, stock and swapped."""

from __future__ import annotations

import sys
import tempfile
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


def main() -> int:
    """Compare all of them; 0 if none is worse."""
    if find_spec("test") is None or find_spec("test.test_httplib") is None:
        print("skipped: this interpreter comes without its tests")
        return 0
    with tempfile.TemporaryDirectory() as folder:

        def run(swapped: bool) -> Outcomes:
            report = Path(folder, "report.xml")
            found: Outcomes = {}
            for suites in SUITES, LOGGING:
                command = [
                    sys.executable,
                    "-m",
                    "test",
                    "--junit-xml",
                    str(report),
                    "-j2",
                    "--timeout",
                    "300",
                    *suites,
                ]
                found |= outcomes(command, report, Path(folder), swapped)
            return found

        return 0 if compare(f"CPython's tests, {sys.version.split()[0]}", run) else 1


if __name__ == "__main__":
    sys.exit(main())
