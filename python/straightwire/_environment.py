"""``STRAIGHTWIRE=1``: `straightwire.client` in place of ``http.client`` in a whole tree of processes.

The line in ``straightwire.pth`` calls `activate` at the start of each interpreter that has the variable
set. Nothing is imported before the program asks for ``http.client``: most processes of a tree never do.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from straightwire._install import OURS, STOCK, install

# `typing` would cost more than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Finder:
    """Finds `straightwire.client` where ``http.client`` is looked for, the first time it is."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """What to load for ``http.client``; none for all else."""
        # Nothing is imported here: Python holds a lock meanwhile that every other import waits for.
        return ModuleSpec(name, Loader(path)) if name == STOCK else None  # type: ignore[arg-type]


class Loader:
    """Loads `straightwire.client` under one more name, or the stock module where ours can't be loaded."""

    def __init__(self, path: Sequence[str] | None) -> None:
        self.path = path
        self.spec: ModuleSpec | None = None
        self.is_executed = True

    def create_module(self, _: ModuleSpec) -> ModuleType:
        """Our module as it is, or one for the stock module's code."""
        try:
            module = import_module(OURS)
            self.spec = module.__spec__
        except Exception as error:
            tell(error)
            self.spec = PathFinder.find_spec(STOCK, self.path)
            if self.spec is None:
                raise
            from importlib.util import module_from_spec

            self.is_executed = False
            module = module_from_spec(self.spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Finish a stock module."""
        # The import system has put the spec of this loader on it.
        module.__spec__ = self.spec
        if not self.is_executed and self.spec is not None and self.spec.loader is not None:
            self.spec.loader.exec_module(module)


def activate() -> None:
    """Have this process find `straightwire.client` as ``http.client``. Never raises: it tells."""
    try:
        if STOCK in sys.modules:
            # Another start-up file was faster.
            install()
        elif Finder not in sys.meta_path:
            sys.meta_path.insert(0, Finder)
    except Exception as error:  # noqa: BLE001  # whatever it is, the interpreter must start
        tell(error)


def active() -> bool:
    """Whether an import of ``http.client`` that is still to come will find ours."""
    return Finder in sys.meta_path and STOCK not in sys.modules


def deactivate() -> None:
    """Take `activate` back, for imports that are still to come."""
    if Finder in sys.meta_path:
        sys.meta_path.remove(Finder)


def tell(error: Exception) -> None:
    """Say why the stock module stays in its place."""
    # Programs without a console have no standard error.
    if sys.stderr is not None:
        print(f"straightwire: http.client stays as it is: {type(error).__name__}: {error}", file=sys.stderr)
