"""``python -m straightwire``: runs a program with `straightwire.client` in place of ``http.client``.

The program finds everything as if ``python`` itself had been given its arguments: ``sys.argv``, the path,
``__main__``, exit codes, and tracebacks that begin with its own frames.
"""

from __future__ import annotations

import builtins
import io
import linecache
import os
import pkgutil
import runpy
import sys
from collections.abc import Callable
from importlib.machinery import BuiltinImporter, SourceFileLoader, SourcelessFileLoader
from types import CodeType, TracebackType
from typing import Any, NoReturn

from straightwire._install import install

USAGE = """\
usage: python -m straightwire [-m MODULE | SCRIPT | -c CODE | -] [ARGUMENT ...]

Runs a Python program with straightwire.client in place of http.client.
With STRAIGHTWIRE=1 in the environment, Python does so by itself, in every process.
"""

USAGE_ERROR = 2


def main() -> None:
    """Run the program that the command line names."""
    arguments = sys.argv[1:]
    match arguments:
        case ["-h" | "--help", *_]:
            print(USAGE, end="")
        case ["-m", module, *rest]:
            install()
            _run(_module, ["-m", *rest], module)
        case ["-c", code, *rest]:
            install()
            _run(_code, ["-c", *rest], code)
        case ["-", *_]:
            install()
            _run(_standard_input, arguments)
        case [path, *_] if not path.startswith("-"):
            install()
            _run(_path, arguments, path)
        case _:
            _refuse(USAGE)


def _run(program: Callable[..., None], arguments: list[str], *given: str) -> None:
    """Run a program under its arguments; what it raises is shown without the frames of ours."""
    sys.argv[:] = arguments
    try:
        program(*given)
    except SystemExit:
        raise
    except BaseException as error:
        _shown_without_us(error)
        raise


def _module(name: str) -> None:
    _clear_main()
    # What `python -m` calls: it finds the module, fills in `__main__` and takes care of all errors.
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]


def _code(text: str) -> None:
    _set_first_on_path("")
    if sys.version_info >= (3, 13):
        # Since then the lines of the code are shown in tracebacks.
        linecache.cache["<string>"] = (len(text), None, text.splitlines(keepends=True), "<string>")
    _execute(compile(text, "<string>", "exec", dont_inherit=True), BuiltinImporter)


def _standard_input() -> None:
    _set_first_on_path("")
    code = compile(sys.stdin.read(), "<stdin>", "exec", dont_inherit=True)
    _execute(code, BuiltinImporter, __file__="<stdin>")


def _path(path: str) -> None:
    """A file of source or byte code, or a folder or archive with a module `__main__`."""
    if pkgutil.get_importer(path) is not None:
        # These go in front even where no other folder does.
        _set_first_on_path(os.path.join(os.getcwd(), path), always=True)
        _clear_main()
        runpy._run_module_as_main("__main__", False)  # type: ignore[attr-defined]
        return
    file = os.path.join(os.getcwd(), path)
    _set_first_on_path(os.path.dirname(os.path.realpath(path)))
    try:
        with io.open_code(file) as script:
            data = script.read()
    except OSError as error:
        _refuse(f"{sys.executable}: can't open file {file!r}: [Errno {error.errno}] {error.strerror}\n")
    if path.endswith(".pyc"):
        loader: Any = SourcelessFileLoader("__main__", file)
        code = loader.get_code("__main__")
    else:
        loader = SourceFileLoader("__main__", file)
        code = compile(data, file, "exec", dont_inherit=True)
    _execute(code, loader, __file__=file)


def _execute(code: CodeType, loader: object, **more: object) -> None:
    """Run code as `__main__`, of which nothing of ours stays."""
    namespace = _clear_main()
    namespace.update(__doc__=None, __package__=None, __loader__=loader, __spec__=None)
    namespace.update(more)
    if more and sys.version_info < (3, 15):
        namespace["__cached__"] = None
    exec(code, namespace)  # noqa: S102  # to run a program is what this is for


def _clear_main() -> dict[str, Any]:
    """Leave nothing in `__main__` but what Python itself starts with; gives its names."""
    namespace = vars(sys.modules["__main__"])
    namespace.clear()
    namespace.update(__name__="__main__", __builtins__=builtins)
    if sys.version_info < (3, 14):
        namespace["__annotations__"] = {}
    return namespace


def _set_first_on_path(folder: str, always: bool = False) -> None:
    """Replace the folder that `python -m` has put in front, if it has."""
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path[0] = folder
    elif always:
        sys.path.insert(0, folder)


def _shown_without_us(error: BaseException) -> None:
    """Have an error that is on its way out shown as if the program had raised it at top level."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == _run.__code__.co_filename:
        traceback = traceback.tb_next
    shown = sys.excepthook

    def hook(kind: type[BaseException], value: BaseException, _: TracebackType | None) -> None:
        sys.excepthook = shown
        sys.last_traceback = traceback
        shown(kind, value.with_traceback(traceback), traceback)

    sys.excepthook = hook


def _refuse(text: str) -> NoReturn:
    sys.stderr.write(text)
    raise SystemExit(USAGE_ERROR)
