"""The methods of `straightwire.client`, on the stock classes of ``http.client``.

A function sees the names of its module, and a stock class must raise stock exceptions and make stock
messages. So each function of ours gets a twin, with the same code, in whose globals whatever has a stock
counterpart is that counterpart, and the module `straightwire.client` is ``http.client`` itself: what users
set there counts.
"""

from __future__ import annotations

from re import Pattern
from types import BuiltinMethodType, CellType, FunctionType, ModuleType
from typing import Any

from straightwire._engine import Guard
from straightwire._install import MISSING, STOCK, change, is_changed, revert
from straightwire._late import Late

# What makes a class this class, and no other.
OWN = frozenset(
    ("__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__annotations__", "_abc_impl")
    + ("__abstractmethods__", "__firstlineno__", "__static_attributes__", "__annotate_func__")
    + ("__annotations_cache__",)
)

CLASSES = ("HTTPMessage", "HTTPResponse", "HTTPConnection", "HTTPSConnection")


def apply(stock: ModuleType, ours: ModuleType) -> None:
    """Put twins of our methods on the classes of the stock module, and those of our functions into it.

    What somebody else has put in the place of something stock stays where it is.
    """
    for name in dir(ours):
        getattr(ours, name)  # so that all of it is there
    twins = Twins(stock, ours)
    try:
        _graft(stock, ours, twins)
        for name in CLASSES:
            if hasattr(stock, name) and hasattr(ours, name):
                # Bases of our own come first: what a class has itself counts more.
                for owner in reversed(getattr(ours, name).__mro__):
                    if twins.is_ours(owner):
                        _graft(getattr(stock, name), owner, twins)
    except BaseException:
        revert()
        raise


def _graft(place: Any, source: Any, twins: Twins) -> None:
    """Give a module or class what it lacks, and functions for those that it came with."""
    for name, value in list(vars(source).items()):
        before = vars(place).get(name, MISSING)
        mine = name in OWN or (name.startswith("__") and isinstance(place, ModuleType))
        # An equal text becomes the same one, by which a guard knows it.
        same = type(before) is str and before == value
        if not mine and (before is MISSING or same or twins.is_stock(before) or is_changed(place, name)):
            change(place, name, twins.of(value))


def matcher(value: object) -> object:
    """What a method of a pattern looks for, and how: those of two equal patterns are not themselves equal."""
    pattern = getattr(value, "__self__", None)
    return (pattern, getattr(value, "__name__", None)) if isinstance(pattern, Pattern) else value


class Twins:
    """What stands for our functions and for what they mention, in the world of the stock module."""

    def __init__(self, stock: ModuleType, ours: ModuleType) -> None:
        self.stock = stock
        self.file = stock.parse_headers.__code__.co_filename
        # By identity. The originals are kept as well, lest an identity be given away again.
        self.known: dict[int, tuple[object, Any]] = {}
        self._know(ours, stock)
        self._know(vars(ours), stock)
        for name, value in vars(ours).items():
            twin = vars(stock).get(name)
            is_class = isinstance(value, type) and self.is_ours(value) and twin is not None
            if is_class or (isinstance(value, BuiltinMethodType) and matcher(value) == matcher(twin)):
                self._know(value, twin)

    def is_stock(self, value: object) -> bool:
        """Whether this is a function that came with the stock module; not one that others have put there."""
        function = getattr(value, "__func__", value)
        return isinstance(function, FunctionType) and function.__code__.co_filename == self.file

    def is_ours(self, value: Any) -> bool:
        """Whether a class, function or module is written in this package."""
        if isinstance(value, ModuleType):
            return value.__name__.startswith(f"{__package__}.")
        if isinstance(value, FunctionType):
            return value.__globals__.get("__package__") == __package__
        module: str = value.__module__
        return module == STOCK or module.startswith(f"{__package__}.")

    def of(self, value: Any) -> Any:
        """The twin of a value, which for most is the value."""
        if id(value) in self.known:
            return self.known[id(value)][1]
        match value:
            case FunctionType() if self.is_ours(value):
                return self._function(value)
            case ModuleType() if self.is_ours(value):
                return self._module(vars(value))
            case staticmethod() | classmethod():
                return type(value)(self.of(value.__func__))
            case property():
                return property(self.of(value.fget), self.of(value.fset), self.of(value.fdel), value.__doc__)
            case Late():
                return Late(self.of(value.make), value.name)
            case Guard():
                return value.twin(self.of, self.stock)
            case tuple() if type(value) is tuple:
                return tuple(map(self.of, value))
        return value

    def _function(self, original: FunctionType) -> FunctionType:
        module = self._module(original.__globals__)
        # Among the cells is `__class__`, which `super()` asks for.
        cells = tuple(CellType(self.of(cell.cell_contents)) for cell in original.__closure__ or ())
        twin = FunctionType(original.__code__, vars(module), original.__name__, closure=cells)
        self._know(original, twin)
        twin.__defaults__ = self.of(original.__defaults__)
        named = original.__kwdefaults__
        twin.__kwdefaults__ = named and {name: self.of(value) for name, value in named.items()}
        twin.__qualname__ = original.__qualname__
        twin.__annotations__ = original.__annotations__
        twin.__module__ = STOCK
        return twin

    def _module(self, names: dict[str, Any]) -> ModuleType:
        """The twin of the module that has these names."""
        if id(names) not in self.known:
            twin = ModuleType(names["__name__"])
            self._know(names, twin)
            for name, value in list(names.items()):
                setattr(twin, name, self.of(value))
        known: ModuleType = self.known[id(names)][1]
        return known

    def _know(self, original: object, twin: object) -> None:
        self.known[id(original)] = (original, twin)
