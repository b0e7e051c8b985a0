"""Programs that use `http.client` unawares, run as they are in processes of their own, over real sockets."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from origin import Origin, Proxy, serving

HERE = Path(__file__).parent

# Long enough for the slowest machine, and for nothing that hangs.
PATIENCE = 60


@dataclass
class Run:
    """What a program has printed, and who did its HTTP."""

    output: str
    requests: Counter[str]
    engine: Counter[str]


class Runner:
    """Runs programs in an empty folder, in one of the ways to have `http.client` replaced."""

    def __init__(self, way: str, folder: Path) -> None:
        self.way = way
        self.folder = folder

    def program(self, *arguments: str, **variables: str) -> Run:
        """Run Python with these arguments; it must succeed."""
        reports = self.folder / "witness"
        reports.mkdir()
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("STRAIGHTWIRE", "PYTHON", "AWS", "DOCKER", "PIP", "SSL_CERT"))
            and not name.lower().endswith(("_proxy", "_ca_bundle"))
        }
        kept |= {"WITNESS": str(reports), "PYTHONPATH": os.pathsep.join((str(HERE / "witness"), str(HERE)))}
        kept |= {"HOME": str(self.folder)} | variables
        kept |= {"variable": {"STRAIGHTWIRE": "1"}, "patch": {"WITNESS_PATCH": "1"}}.get(self.way, {})
        command = [sys.executable, *(["-m", "straightwire"] if self.way == "command" else []), *arguments]
        ran = subprocess.run(
            command, cwd=self.folder, env=kept, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert ran.returncode == 0, f"{ran.stdout[-5000:]}\n{ran.stderr[-5000:]}"
        run = Run(ran.stdout, Counter(), Counter())
        for report in reports.iterdir():
            told = json.loads(report.read_text())
            run.requests += told["requests"]
            run.engine += told["engine"]
            report.unlink()
        reports.rmdir()
        if self.way != "stock":
            assert set(run.requests) == {"straightwire"}, run
            # Of each exchange, the engine has done a part at least.
            assert sum(run.engine.values()) >= run.requests["straightwire"], run
        return run

    def __call__(self, client: Callable[..., None], *arguments: object, **variables: str) -> Run:
        """Run one of the functions of a test module."""
        name, given = client.__name__, [str(argument) for argument in arguments]
        code = f"from {client.__module__} import {name}; {name}(*{given!r})"
        return self.program("-c", code, **variables)


@pytest.fixture(params=["variable", "command", "patch"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Runner:
    """Runs programs with ours, and sees that it was ours that did it."""
    return Runner(request.param, tmp_path)


@pytest.fixture
def run_stock(tmp_path: Path) -> Runner:
    """Runs programs as they always were."""
    return Runner("stock", tmp_path)


@pytest.fixture
def origin() -> Iterator[Origin]:
    """A server of everything a client may have to deal with."""
    with serving(Origin()) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy, for plain requests and for tunnels."""
    with serving(Proxy()) as server:
        yield server


@pytest.fixture(scope="session")
def authority() -> Any:
    """Who certifies the servers."""
    return pytest.importorskip("trustme").CA()


@pytest.fixture
def certificates(authority: Any, tmp_path: Path) -> Path:
    """The file that clients find the authority in."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture
def server_context(authority: Any) -> ssl.SSLContext:
    """What a server with a certificate for this machine needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def secure(server_context: ssl.SSLContext) -> Iterator[Origin]:
    """The same as `origin`, over TLS."""
    with serving(Origin(server_context)) as server:
        yield server
