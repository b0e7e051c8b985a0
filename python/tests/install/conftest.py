"""Each of these tests runs programs in interpreters of their own: what is tested changes a whole process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

# Long enough for the slowest machine, and for nothing that hangs.
PATIENCE = 60

Result = subprocess.CompletedProcess[str]


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., Result]:
    """Runs the interpreter under test in an empty folder, with some variables and standard input."""

    def run(*arguments: str, stdin: str = "", folder: Path = tmp_path, **variables: str) -> Result:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("STRAIGHTWIRE", "PYTHON"))
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=kept | variables,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


@pytest.fixture
def holds(python: Callable[..., Result]) -> Callable[..., None]:
    """Runs code, which must reach its end and leave nothing on standard error."""

    def check(code: str, *options: str, **variables: str) -> None:
        result = python(*options, "-c", dedent(code), **variables)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    return check
