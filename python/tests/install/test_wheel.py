"""What the wheel puts into a virtual environment, pip takes away again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_uninstalling_leaves_nothing(tmp_path: Path) -> None:
    wheel = os.environ.get("STRAIGHTWIRE_WHEEL")
    if wheel is None:
        pytest.skip("STRAIGHTWIRE_WHEEL names no wheel to install")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    # One of two names may be a link to the other.
    (site,) = {path.resolve() for path in tmp_path.glob("[Ll]ib*/**/site-packages")}
    assert list(site.iterdir()) == []
    pip = [sys.executable, "-m", "pip", "--python", tmp_path, "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", wheel], check=True)
    assert (site / "straightwire.pth").is_file() and (site / "straightwire" / "py.typed").is_file()
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", "straightwire"], check=True)
    assert not list(tmp_path.rglob("*straightwire*"))
