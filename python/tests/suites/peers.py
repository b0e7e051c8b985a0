"""The suites of packages that stand on `http.client`, from their source packages, stock and swapped."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from compare import Outcomes, compare, outcomes


@dataclass(frozen=True)
class Peer:
    """A package, what its tests need, and which of them are run."""

    package: str
    needs: tuple[str, ...]
    tests: tuple[str, ...] = ("tests",)
    # Left out: what reaches for addresses outside of the machine, and waits for them.
    without: str = ""
    # The oldest and the newest minor version of Python 3 that its tests are for.
    minors: tuple[int, int] = (10, 99)


COMMON = ("pytest==8.4.2", "pytest-timeout==2.4.0", "trustme==1.2.1", "pysocks==1.7.1", "setuptools==80.9.0")

PEERS = (
    Peer(
        "urllib3==2.5.0",
        (*COMMON, "anyio[trio]", "h2", "httpx", "hypercorn", "pytest-socket", "quart", "quart-trio", "trio")
        + ("cryptography", "idna", "pyopenssl", "brotli", "psutil"),
        ("test",),
        "unreachable or connect_timeout or TestHTTPProxyManager",
    ),
    Peer(
        "urllib3==1.26.20",
        (
            *COMMON,
            "tornado==6.2",
            "mock",
            "python-dateutil",
            "flaky",
            "cryptography",
            "idna",
            "pyopenssl",
            "six",
        ),
        ("test",),
        "unreachable or connect_timeout",
        minors=(10, 11),
    ),
    Peer(
        "requests==2.32.5",
        (
            *COMMON,
            "pytest-httpbin",
            "httpbin",
            "pytest-mock",
            "charset_normalizer",
            "certifi",
            "idna",
            "urllib3",
        )
        + ("flask<3", "werkzeug<3"),
        without="connect_timeout or total_timeout_connect",
    ),
    Peer(
        "botocore==1.40.50",
        (*COMMON, "jmespath", "python-dateutil", "urllib3", "jsonschema"),
        tuple(
            f"tests/unit/test_{name}.py"
            for name in ("awsrequest", "httpsession", "endpoint", "response", "utils")
        )
        + (
            "tests/functional/test_six_threading.py",
            "tests/functional/test_s3.py",
            "tests/functional/test_stub.py",
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
    if not peer.minors[0] <= sys.version_info.minor <= peer.minors[1]:
        print(f"skipped: {peer.package} is not for Python 3.{sys.version_info.minor}", flush=True)
        return True
    python = environment_for(peer, folder / "venv")
    source = source_of(peer, folder / "source")
    report = folder / "report.xml"
    command = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--timeout=120",
        f"--junit-xml={report}",
    ]
    # Some tests are only there where what they need is.
    tests = [test for test in peer.tests if (source / test).exists()]
    chosen = ["-k", f"not ({peer.without})"] if peer.without else []

    def run(swapped: bool) -> Outcomes:
        return outcomes([*command, *chosen, *tests], report, source, swapped)

    return compare(f"{peer.package}, Python {sys.version.split()[0]}", run, python)


def environment_for(peer: Peer, folder: Path) -> Path:
    """The Python of a new virtual environment with our wheel, the peer and what its tests need."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    pip(python, "install", os.environ["STRAIGHTWIRE_WHEEL"], peer.package, *peer.needs)
    return python


def source_of(peer: Peer, folder: Path) -> Path:
    """The unpacked source package."""
    pip(Path(sys.executable), "download", "--no-binary", ":all:", "--no-deps", "--dest", folder, peer.package)
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
