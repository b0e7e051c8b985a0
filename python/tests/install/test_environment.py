"""`STRAIGHTWIRE=1`, by way of the file that every interpreter reads when it starts."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Callable
from importlib.metadata import files
from pathlib import Path

import pytest

Holds = Callable[..., None]
Python = Callable[..., "object"]

SITE = Path(sysconfig.get_path("platlib"))
IS_OURS = "import http.client; assert http.client.__name__ == 'straightwire.client'"
IS_STOCK = "import http.client; assert http.client.__name__ == 'http.client'"


def test_the_file_belongs_to_the_package() -> None:
    assert "straightwire.pth" in [str(path) for path in files("straightwire") or ()]
    assert (SITE / "straightwire.pth").is_file()


@pytest.mark.parametrize("value", [None, "", "0", "no"])
def test_without_the_variable_nothing_is_imported(holds: Holds, value: str | None) -> None:
    variables = {} if value is None else {"STRAIGHTWIRE": value}
    holds("import sys; assert not [name for name in sys.modules if 'straightwire' in name]", **variables)
    holds(IS_STOCK, **variables)


def test_the_whole_tree_of_processes_finds_ours(holds: Holds) -> None:
    code = (
        f"import subprocess, sys; {IS_OURS}; subprocess.run([sys.executable, '-c', {IS_OURS!r}], check=True)"
    )
    holds(code, STRAIGHTWIRE="1")
    holds(code, "-I", STRAIGHTWIRE="1")


def test_a_program_that_needs_no_http_pays_for_none(holds: Holds) -> None:
    holds(
        """
        import sys
        loaded = {name for name in sys.modules if name.startswith(("straightwire", "http"))}
        assert loaded <= {"straightwire", "straightwire._install", "straightwire._environment"}, loaded
        """,
        STRAIGHTWIRE="1",
    )


def test_it_can_be_asked_and_taken_back(holds: Holds) -> None:
    for imported in "pass", "import http.client":
        holds(
            f"""
            import sys, straightwire
            assert straightwire.installed()
            {imported}
            assert straightwire.installed()
            straightwire.uninstall()
            assert not straightwire.installed()
            import http.client
            assert http.client.__spec__.name == http.client.__name__ == "http.client"
            """,
            STRAIGHTWIRE="1",
        )


def test_the_module_is_the_same_under_both_names(holds: Holds) -> None:
    for first, second in ("http.client", "straightwire.client"), ("straightwire.client", "http.client"):
        holds(
            f"""
            import sys, importlib, http
            one, two = importlib.import_module({first!r}), importlib.import_module({second!r})
            assert one is two is http.client is sys.modules["http.client"]
            assert one.__spec__.name == "straightwire.client" and not one.__spec__._initializing
            """,
            STRAIGHTWIRE="1",
        )


def test_threads_that_import_at_once_find_one_module(holds: Holds) -> None:
    holds(
        """
        import importlib, threading
        start, found = threading.Barrier(8), []

        def work(name):
            start.wait()
            found.append(importlib.import_module(name).HTTPConnection)

        names = ("http.client", "straightwire.client") * 4
        threads = [threading.Thread(target=work, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8 and len(set(found)) == 1
        """,
        STRAIGHTWIRE="1",
    )


def test_a_start_up_file_that_was_faster_is_no_obstacle(holds: Holds, tmp_path: Path) -> None:
    # Files of this kind are read in the order of their names.
    site = copied_site(tmp_path)
    (site / "a.pth").write_text("import http.client\n")
    holds(f"import site; site.addsitedir({str(site)!r}); {IS_OURS}", "-S", STRAIGHTWIRE="1")


def test_a_broken_package_is_told_and_the_stock_module_stays(python: Callable, tmp_path: Path) -> None:
    site = copied_site(tmp_path)
    (site / "straightwire" / "client.py").write_text("import there_is_no_such_module\n")
    code = f"import site; site.addsitedir({str(site)!r}); {IS_STOCK}; print('went on')"
    result = python("-S", "-c", code, STRAIGHTWIRE="1")
    assert (result.returncode, result.stdout) == (0, "went on\n")
    told = "http.client stays as it is: ModuleNotFoundError: No module named 'there_is_no_such_module'"
    assert result.stderr == f"straightwire: {told}\n"


def test_a_package_that_is_gone_does_not_stop_the_interpreter(python: Callable, tmp_path: Path) -> None:
    site = copied_site(tmp_path)
    shutil.rmtree(site / "straightwire")
    code = f"import site; site.addsitedir({str(site)!r}); {IS_STOCK}; print('went on')"
    result = python("-S", "-c", code, STRAIGHTWIRE="1")
    assert (result.returncode, result.stdout) == (0, "went on\n")
    assert "straightwire.pth" in result.stderr and "No module named 'straightwire'" in result.stderr


def copied_site(folder: Path) -> Path:
    """A folder like site-packages with nothing but this package in it, to be damaged."""
    site = folder / "site"
    site.mkdir()
    shutil.copy(SITE / "straightwire.pth", site)
    shutil.copytree(SITE / "straightwire", site / "straightwire")
    assert os.listdir(site)
    return site
