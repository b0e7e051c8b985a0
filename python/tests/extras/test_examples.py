"""The programs in examples/ do what they say: against `straightwire serve`, and against a server that stands in."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import standing_in

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "python/examples"

# What each asks for, and what it prints then.
PRINTS = {
    "decoded": ("/encoded/gzip/10", r"gzip: 100000 bytes.*\ndeflate: 100000 bytes"),
    "early_response": ("/", r"413 .*, after \d+ pieces of the body"),
    "expect": (
        "/",
        r"PUT /refuse\?status=413: 413 .*, 0 of 1300000 .*\nPUT /upload: 200 OK, 1300000 of 1300000",
    ),
    "interim": (
        "/early-hints",
        r"at once: 103.*\nthe response: 200 OK.*\nbefore it: 103 with Link: </style.css>",
    ),
    "lenient_headers": (
        "/bad-headers",
        r"=False: 0 headers.*\nlenient_headers=True: [2-9] headers.*\n  Missing",
    ),
    "progress": ("/", r"down:  1000000 of 1000000 bytes\n(up: .*\n)*up:  1000000 of 1000000 bytes\n200"),
    "stale": (
        "/hang-up?when=asked",
        r"=False:\n.*200 OK\n.*closed connection.*\n.*=True:\n.*200 OK\n.*200 OK",
    ),
    "strict_length": ("/truncated/10/5", r"=False: 600 bytes, as .*\n.*=True: 600 bytes, 400 are missing"),
    "timings": ("/", r"/drip.*\n  connect .*\n  send .*\n  wait .*\n  receive .*\n  total .*\n/\n  send"),
    "trailers": (
        "/chunked/10/5",
        r"got: .*Digest.*[0-9a-f]{64}(.*\n)*10000 bytes, and then:\n(.*\n)*  Byte-Count: 10000",
    ),
    "upgrade": ("/upgrade", r"101 Switching Protocols, to echo\nheard: welcome, hello"),
}


def test_all_are_here() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(PRINTS)


@pytest.mark.parametrize("name", sorted(PRINTS))
def test_with_a_server_that_stands_in(name: str) -> None:
    with standing_in.serving() as address:
        run(name, address)


@pytest.mark.parametrize("name", sorted(PRINTS))
def test_with_straightwire_serve(name: str, served: str) -> None:
    connection = http.client.HTTPConnection(served, timeout=30)
    connection.request("GET", PRINTS[name][0])
    status = connection.getresponse().status
    connection.close()
    if status == 404:
        pytest.skip(f"{PRINTS[name][0]} is not in this build")
    run(name, served)


def test_each_says_how_it_is_used() -> None:
    for name in PRINTS:
        command = [sys.executable, EXAMPLES / f"{name}.py"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (result.returncode, result.stderr) == (1, f"usage: {name}.py HOST:PORT\n")


def run(name: str, address: str) -> None:
    """Run one as a user does."""
    command = [sys.executable, EXAMPLES / f"{name}.py", address]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert re.search(PRINTS[name][1], result.stdout), result.stdout


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The address of `straightwire serve`: the program that STRAIGHTWIRE_COMMAND names, or the one built last."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [path for kind in ("debug", "release") if (path := target / kind / "straightwire").is_file()]
    named = os.environ.get("STRAIGHTWIRE_COMMAND")
    program = named or max(built, key=lambda path: path.stat().st_mtime, default=None)
    if program is None:
        pytest.skip("no program `straightwire` is built")
    command = [program, "serve", "--port", "0"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(server.terminate)
        assert server.stdout is not None
        found = re.search(r"http://([\d.]+:\d+)", server.stdout.readline())
        assert found is not None
        yield found[1]
