"""Every name of the running interpreter's `http.client` is here, and can be used as it is there."""

from __future__ import annotations

import copy
import http.client as stock
import inspect
import io
import pickle
import sys
from types import ModuleType
from typing import Any

import pytest

import straightwire.client as ours

CLASSES = [name for name, value in vars(stock).items() if inspect.isclass(value) and name in stock.__all__]
EXCEPTIONS = [name for name in CLASSES if issubclass(getattr(stock, name), Exception)]

# What a user may call: functions of the module, and methods of its classes that those classes have themselves.
CALLABLES = [
    name
    for name, value in vars(stock).items()
    if inspect.isfunction(value) and value.__module__ == stock.__name__
] + [
    f"{name}.{method}"
    for name in CLASSES
    for method, value in vars(getattr(stock, name)).items()
    if callable(getattr(value, "__func__", value)) and method not in ("__static_attributes__",)
]


def find(module: ModuleType, path: str) -> Any:
    """An attribute of an attribute."""
    found: Any = module
    for name in path.split("."):
        found = getattr(found, name)
    return found


def named(function: Any) -> dict[str, inspect.Parameter]:
    """The parameters of a function that have names of their own."""
    rest = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind not in rest
    }


@pytest.mark.parametrize("name", dir(stock))
def test_each_name_is_here(name: str) -> None:
    value = getattr(stock, name)
    mine = getattr(ours, name)
    # Modules that it imports, constants and tables are the same; what is written here is of the same kind.
    if isinstance(value, (ModuleType, int, str, dict, set)) and not name.startswith("__"):
        assert mine == value
    elif not name.startswith("__"):
        assert type(mine) is type(value)


def test_a_star_imports_the_same() -> None:
    assert sorted(ours.__all__) == sorted(stock.__all__)


def test_status_codes_and_phrases_are_the_interpreters() -> None:
    assert ours.responses == stock.responses
    assert ours.responses[404] == "Not Found"
    assert ours.NOT_FOUND is stock.NOT_FOUND


@pytest.mark.parametrize("name", CALLABLES)
def test_whatever_can_be_called_takes_what_it_took(name: str) -> None:
    theirs, mine = (named(find(module, name)) for module in (stock, ours))
    # In the same order, so that positions mean the same.
    assert [parameter for parameter in mine if parameter in theirs] == list(theirs)
    for parameter, value in theirs.items():
        assert mine[parameter].kind == value.kind
        assert repr(mine[parameter].default) == repr(value.default)
    for parameter in mine.keys() - theirs.keys():
        assert mine[parameter].default is not inspect.Parameter.empty


@pytest.mark.parametrize("name", CLASSES)
def test_classes_say_that_they_are_of_http_client(name: str) -> None:
    theirs, mine = getattr(stock, name), getattr(ours, name)
    assert mine is not theirs
    assert (mine.__module__, mine.__qualname__) == ("http.client", theirs.__qualname__)
    # The same families: who catches an OSError catches a RemoteDisconnected.
    assert [kind.__name__ for kind in mine.__mro__] == [kind.__name__ for kind in theirs.__mro__]


@pytest.mark.parametrize("name", CLASSES)
def test_public_attributes_are_there(name: str) -> None:
    missing = set(dir(getattr(stock, name))) - set(dir(getattr(ours, name)))
    # What the compiler notes of a class's source is not part of it.
    assert missing <= {"__firstlineno__", "__static_attributes__", "__classdictcell__"}


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "BadStatusLine": ("HTP",),
    "IncompleteRead": (b"abc", 5),
    "LineTooLong": ("header line",),
    "RemoteDisconnected": ("gone",),
    "UnknownProtocol": ("HTTP/9",),
}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_exceptions_show_the_same(name: str) -> None:
    arguments = ARGUMENTS.get(name, ("some", "words"))
    theirs, mine = (getattr(module, name)(*arguments) for module in (stock, ours))
    assert (str(mine), repr(mine), mine.args) == (str(theirs), repr(theirs), theirs.args)
    assert vars(mine) == vars(theirs)


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_exceptions_are_copied_and_pickled(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = getattr(ours, name)(*ARGUMENTS.get(name, ("some", "words")))
    # By the name of its class, which is that of `http.client` when `install` has put ours there.
    monkeypatch.setitem(sys.modules, "http.client", ours)
    again = pickle.loads(pickle.dumps(mine))
    assert type(again) is type(mine)
    assert (again.args, vars(again)) == (copy.copy(mine).args, vars(copy.copy(mine)))


def test_a_message_travels_by_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "http.client", ours)
    message = ours.parse_headers(io.BytesIO(b"A: b\r\nA: c\r\n\r\n"))
    assert pickle.loads(pickle.dumps(message)).items() == [("A", "b"), ("A", "c")]
