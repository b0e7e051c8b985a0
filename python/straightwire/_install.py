"""Puts `straightwire.client` in the place of `http.client`, and takes it back."""

from __future__ import annotations

import sys
from _thread import RLock
from importlib import import_module
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STOCK = "http.client"
OURS = "straightwire.client"

# Held while the places are changed. Nothing is imported under it: an import has locks of its own, and
# taking the two in both orders could wait for ever.
_lock = RLock()

# The modules that stood in the place before ours, by name: none, or the stock one.
_displaced: dict[str, ModuleType] = {}

MISSING = object()

# What `patch` has set: where, under which name, to what, and what was there before; in that order.
_changes: list[tuple[Any, str, object, object]] = []


def install() -> None:
    """Let whatever is imported from now on find `straightwire.client` as ``http.client``.

    Modules that have imported names from the stock module keep those: see `patch`. Installing twice is
    installing once.
    """
    ours = import_module(OURS)
    package = import_module("http")
    _settled()
    with _lock:
        stock = sys.modules.get(STOCK)
        if stock is not ours:
            # One that a thread has begun to import this very moment ends in ours.
            if stock is not None and not _is_being_imported(stock):
                _displaced[STOCK] = stock
            sys.modules[STOCK] = ours
        package.client = ours  # type: ignore[attr-defined]


def patch() -> None:
    """Give the stock classes of ``http.client`` the methods of `straightwire.client`, in place.

    So objects, subclasses and modules that hold a stock class by name are sped up too. Nothing about the
    names changes, and exceptions stay the stock ones. Patching twice is patching once.
    """
    from straightwire._patch import apply

    ours = import_module(OURS)
    stock = _settled() or import_module(STOCK)
    with _lock:
        # Where nobody has imported the stock module, and nobody will, there is nothing to speed up.
        if stock is not ours and not _changes:
            apply(stock, ours)


def uninstall() -> None:
    """Take `install` and `patch` back. What has been imported meanwhile keeps what it found."""
    environment = sys.modules.get("straightwire._environment")
    with _lock:
        revert()
        if environment is not None:
            environment.deactivate()
        if _in_place():
            stock = _displaced.pop(STOCK, None)
            package = sys.modules["http"]
            if stock is None:
                # As if it had never been imported; the next import finds the stock one.
                del sys.modules[STOCK]
                vars(package).pop("client", None)
            else:
                sys.modules[STOCK] = stock
                package.client = stock  # type: ignore[attr-defined]


def installed() -> bool:
    """Whether ``import http.client`` gives `straightwire.client`."""
    environment = sys.modules.get("straightwire._environment")
    return _in_place() or (environment is not None and environment.active())


def patched() -> bool:
    """Whether the stock classes have the methods of `straightwire.client`."""
    return bool(_changes)


def stock_module() -> ModuleType | None:
    """The stock ``http.client``, if anything has imported it."""
    with _lock:
        return _displaced.get(STOCK) if _in_place() else sys.modules.get(STOCK)


def _settled() -> ModuleType | None:
    """The stock module, if anything has imported it, with all of its names: a thread still at it is waited for."""
    stock, awaited = stock_module(), None
    # What this very thread is importing no waiting completes.
    while stock is not None and stock is not awaited and _is_being_imported(stock):
        import_module(STOCK)
        stock, awaited = stock_module(), stock
    return stock


def _is_being_imported(module: ModuleType) -> bool:
    return getattr(module.__spec__, "_initializing", False)


def _in_place() -> bool:
    ours = sys.modules.get(OURS)
    return ours is not None and sys.modules.get(STOCK) is ours


def change(place: Any, name: str, value: object) -> None:
    """Set an attribute of a stock class or of the stock module, until `revert`."""
    before = vars(place).get(name, MISSING)
    setattr(place, name, value)
    _changes.append((place, name, value, before))


def is_changed(place: object, name: str) -> bool:
    """Whether it was `change` that set this attribute."""
    return any(place is changed and name == attribute for changed, attribute, *_ in _changes)


def revert() -> None:
    """Put back what was there before `change`, where nobody else has changed it since."""
    while _changes:
        place, name, value, before = _changes.pop()
        if vars(place).get(name, MISSING) is not value:
            continue
        if before is MISSING:
            delattr(place, name)
        else:
            setattr(place, name, before)
