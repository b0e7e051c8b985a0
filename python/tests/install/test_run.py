"""`python -m straightwire` runs programs as `python` does."""

from __future__ import annotations

import py_compile
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

Python = Callable[..., object]

# What a program sees of how it was started.
LOOK = """
import sys
print(__name__, sys.argv, sys.path, sorted(globals()), sys.modules["__main__"].__dict__ is globals())
print({name: repr(globals().get(name)) for name in ("__file__", "__package__", "__spec__", "__doc__", "__cached__")})
print(type(__loader__), __builtins__)
"""

FAILING = """
def fail(depth):
    if depth:
        fail(depth - 1)
    raise ValueError("no")

try:
    fail(0)
except ValueError:
    fail(1)
"""

LATE = """
import atexit, threading, sys
atexit.register(print, "at exit")
thread = threading.Thread(target=lambda: (threading.main_thread().join(), print("thread")))
thread.start()
sys.excepthook = lambda kind, value, traceback: print("hook", kind, traceback.tb_frame.f_code.co_name)
1 / 0
"""

# Some start programs with interrupts ignored.
INTERRUPTED = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
os.kill(os.getpid(), signal.SIGINT)
input()
"""


@pytest.fixture
def same(python: Callable, tmp_path: Path) -> Callable[..., object]:
    """Checks that a program does with `-m straightwire` before it what it does without."""

    def check(*arguments: str, options: tuple[str, ...] = (), **more: str) -> object:
        stock = python(*options, *arguments, **more)
        ours = python(*options, "-m", "straightwire", *arguments, **more)
        assert ours.returncode == stock.returncode
        assert told(ours.stdout) == told(stock.stdout)
        assert told(ours.stderr) == told(stock.stderr)
        return ours

    return check


def told(text: str) -> str:
    """Without the addresses of objects."""
    return re.sub(r"0x[0-9a-fA-F]+", "0x", text)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of programs that look around."""
    (tmp_path / "look.py").write_text(LOOK)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("print('package', __name__)\n")
    (package / "__main__.py").write_text(LOOK)
    (package / "part.py").write_text("from . import __name__ as parent\nprint(parent)\n" + LOOK)
    (tmp_path / "link.py").symlink_to(package / "part.py")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "__main__.py").write_text("import neighbour\n" + LOOK)
    (folder / "neighbour.py").write_text("")
    with zipfile.ZipFile(tmp_path / "archive.pyz", "w") as archive:
        archive.writestr("__main__.py", LOOK)
    py_compile.compile(str(tmp_path / "look.py"), cfile=str(tmp_path / "compiled.pyc"))
    (tmp_path / "failing.py").write_text(FAILING)
    (tmp_path / "wrong.py").write_text("if True\n    pass\n")
    return tmp_path


OPTIONS = [(), ("-I",), ("-E", "-s"), ("-W", "error"), ("-O",)]
if sys.version_info >= (3, 11):
    OPTIONS.append(("-P",))


@pytest.mark.parametrize("options", OPTIONS, ids="".join)
def test_scripts(same: Callable, programs: Path, options: tuple[str, ...]) -> None:
    for path in "look.py", str(programs / "look.py"), "folder", "archive.pyz", "compiled.pyc":
        same(path, "one", "-m", "--help", options=options)
    for path in "folder/../look.py", "./look.py", "./folder", "folder/":
        same(path, options=options)


@pytest.mark.parametrize("options", OPTIONS, ids="".join)
def test_modules(same: Callable, programs: Path, options: tuple[str, ...]) -> None:
    # `-I` and `-P` keep Python from finding these: the complaint is the same, too.
    for name in "look", "package", "package.part", "package.none", "none":
        same("-m", name, "one", "-c", options=options)
    same("-m", "package", options=options, PYTHONPATH=str(programs))


def test_code_and_standard_input(same: Callable) -> None:
    same("-c", LOOK, "one", "-m", "two")
    same("-", "one", stdin=LOOK)
    same("-c", "from __future__ import annotations\nx: no = 1\nprint(__annotations__)")


def test_a_script_through_a_link_finds_its_neighbours(same: Callable, programs: Path) -> None:
    (programs / "package" / "beside.py").write_text("print('beside')\n")
    (programs / "package" / "part.py").write_text("import beside\n" + LOOK)
    assert "beside" in same("link.py").stdout


@pytest.mark.parametrize(
    "code", ["0", "None", "3", "'words'", "256 + 7", "-1", "(1, 2)"], ids=lambda code: f"exit {code}"
)
def test_exit_codes(same: Callable, code: str) -> None:
    same("-c", f"import sys; sys.exit({code})")


def test_tracebacks_have_no_frames_of_ours(same: Callable, programs: Path) -> None:
    (programs / "package" / "__main__.py").write_text(FAILING)
    for arguments in ["failing.py"], ["-c", FAILING], ["-m", "failing"], ["-m", "package"]:
        result = same(*arguments)
        assert (
            result.returncode == 1
            and "ValueError: no" in result.stderr
            and "straightwire" not in result.stderr
        )
    same("-", stdin=FAILING)


def test_what_is_no_program(same: Callable, programs: Path) -> None:
    for arguments in ["wrong.py"], ["-m", "wrong"], ["-c", "x ="], ["there-is-none.py"], ["-m", "a.b.c"]:
        assert same(*arguments).returncode != 0


def test_the_end_of_a_program_is_the_end_of_the_process(same: Callable, programs: Path) -> None:
    (programs / "late.py").write_text(LATE)
    assert same("late.py").stdout.splitlines()[-2:] == ["thread", "at exit"]
    interrupted = same("-c", INTERRUPTED)
    assert "KeyboardInterrupt" in interrupted.stderr
    same("-c", "import os, sys; sys.stdout.flush(); os._exit(5)")


def test_children_of_multiprocessing_start_from_the_same_program(same: Callable, programs: Path) -> None:
    (programs / "parallel.py").write_text(
        "import multiprocessing\n"
        "def double(number): return 2 * number\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(double, [1, 2]))\n"
    )
    assert same("parallel.py").stdout == "[2, 4]\n"
    assert same("-m", "parallel").stdout == "[2, 4]\n"


def test_our_module_is_in_place(python: Callable, programs: Path) -> None:
    (programs / "which.py").write_text("import http.client; print(http.client.__name__)\n")
    for arguments in ["which.py"], ["-m", "which"], ["-c", "import which"], ["-"]:
        result = python("-m", "straightwire", *arguments, stdin="import which")
        assert (result.stdout, result.stderr) == ("straightwire.client\n", "")


def test_help_and_misuse(python: Callable) -> None:
    for option in "-h", "--help":
        result = python("-m", "straightwire", option)
        assert result.returncode == 0 and result.stdout.startswith("usage: python -m straightwire ")
    for arguments in [], ["-m"], ["-c"], ["--none"]:
        result = python("-m", "straightwire", *arguments)
        assert result.returncode == 2 and result.stderr.startswith("usage: ") and result.stdout == ""
