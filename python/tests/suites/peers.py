"""The suites of packages that stand on `http.client`, from their source packages, stock and swapped."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from compare import Outcomes, compare, outcomes


@dataclass(frozen=True)
class Peer:
    """A package, what its tests need, and which of them are run."""

    package: str
    needs: tuple[str, ...]
    tests: tuple[str, ...]
    # Files that are left out.
    ignored: tuple[str, ...] = ()
    # Tests that are: words of their names.
    without: tuple[str, ...] = ()


# urllib3 2 tests with a fork of hypercorn of its own (its branch `urllib3-changes`), which no registry has.
# Without it, 44 of its tests fail stock too.
HYPERCORN = os.environ.get("STRAIGHTWIRE_HYPERCORN", "hypercorn==0.18.0")

# These look for addresses that never answer. Where there is no network, all others answer at once, in their
# own ways; and sockets and threads that are left over from them let other tests fail, now and then.
UNREACHABLE = ("unreachable", "connect_timeout", "total_applies_connect", "total_timeout_connect") + (
    "request_timeout",
    "http2_probe_blocked",
)

PEERS = (
    Peer(
        "urllib3==2.8.0",
        ("pytest==8.4.2", "pytest-timeout==2.4.0", "pytest-socket==0.8.1", "trustme==1.2.1", HYPERCORN)
        + ("quart==0.20.0", "quart-trio==0.12.0", "trio==0.35.0", "anyio==4.16.0", "httpx==0.28.1")
        + ("h2==4.4.1", "pysocks==1.7.1", "cryptography==50.0.2", "pyopenssl==26.4.0", "idna==3.20")
        + ("brotli==1.2.1", "psutil==7.2.2"),
        ("test",),
        without=UNREACHABLE,
    ),
    Peer(
        # The versions that it names for its tests, or the next that the newest Python can take.
        "urllib3==1.26.20",
        ("pytest==8.3.2", "pytest-timeout==2.3.1", "pytest-freezegun==0.4.2", "flaky==3.8.1", "mock==5.1.0")
        + ("tornado==6.4.1", "trustme==1.2.0", "pysocks==1.7.1", "cryptography==43.0.3", "pyopenssl==24.2.1")
        + ("idna==3.20", "python-dateutil==2.9.0.post0", "setuptools==80.9.0"),
        ("test",),
        without=UNREACHABLE,
    ),
    Peer(
        "requests==2.34.2",
        ("pytest==8.4.2", "pytest-timeout==2.4.0", "pytest-mock==3.17.0", "pytest-cov==7.1.0")
        + ("pytest-httpbin==2.1.0", "httpbin==0.10.4", "trustme==1.2.1", "pysocks==1.7.1", "urllib3==2.8.0"),
        ("tests",),
        without=UNREACHABLE,
    ),
    Peer(
        "botocore==1.44.5",
        ("pytest==8.4.2", "pytest-timeout==2.4.0", "jsonschema==4.26.0", "urllib3==2.8.0"),
        ("tests/unit", "tests/functional"),
        # Of the functional tests, those of the descriptions of Amazon's services: 54,000 that send nothing.
        # Its integration tests want Amazon itself.
        tuple(
            f"tests/functional/{name}"
            for name in ("docs", "test_endpoint_rulesets.py", "test_model_backcompat.py")
            + ("test_model_completeness.py", "test_paginator_config.py", "test_response_shadowing.py")
            + ("test_service_module_names.py", "test_service_names.py", "test_waiter_config.py")
        ),
    ),
)


def main() -> int:
    """Compare the suites of all peers; 0 if none is worse."""
    with tempfile.TemporaryDirectory() as folder:
        checks = [check(peer, Path(folder, peer.package)) for peer in PEERS]
    return 0 if all(checks) else 1


def check(peer: Peer, folder: Path) -> bool:
    """Compare the suite of one peer, in a virtual environment of its own."""
    python = environment_for(peer, folder / "venv")
    source = source_of(peer, folder / "source")
    report = folder / "report.xml"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=120"]
    command += [f"--junit-xml={report}", *(f"--ignore={path}" for path in peer.ignored)]
    if peer.without:
        command += ["-k", f"not ({' or '.join(peer.without)})"]

    def run(swapped: bool, wanted: Collection[str]) -> Outcomes:
        tests = sorted({file_of(test, source) for test in wanted}) or peer.tests
        return outcomes([*command, *tests], report, source, swapped)

    return compare(f"{peer.package}, Python {sys.version.split()[0]}", run, python)


def file_of(test: str, source: Path) -> str:
    """The file that has a test: the beginning of its name."""
    names = test.partition("[")[0].split(".")
    files = ("/".join(names[:count]) + ".py" for count in range(1, len(names)))
    return next(file for file in files if (source / file).is_file())


def environment_for(peer: Peer, folder: Path) -> Path:
    """The Python of a new virtual environment with our wheel, the peer and what its tests need."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    pip(python, "install", os.environ["STRAIGHTWIRE_WHEEL"], peer.package, *peer.needs)
    return python


def source_of(peer: Peer, folder: Path) -> Path:
    """The unpacked source package."""
    # What pip builds it with may come as wheels.
    name = peer.package.partition("==")[0]
    pip(Path(sys.executable), "download", "--no-binary", name, "--no-deps", "--dest", folder, peer.package)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data") if hasattr(tarfile, "data_filter") else packed.extractall(
            folder
        )
    return next(path for path in folder.iterdir() if path.is_dir())


def pip(python: Path, *arguments: str | Path) -> None:
    """Run pip in an environment."""
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
