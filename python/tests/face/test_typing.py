"""What type checkers find."""

from __future__ import annotations

import ast
import inspect
import os
import zipfile
from pathlib import Path

import pytest

import straightwire
from straightwire import _engine, client

PACKAGE = Path(straightwire.__file__).parent
STUBS = ast.parse((PACKAGE / "_engine.pyi").read_text())
DEFINED = {node.name: node for node in STUBS.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def public(names: object) -> set[str]:
    """The names that others may use."""
    return {name for name in dir(names) if not name.startswith("_")}


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_the_wheel_has_the_marker_and_the_stubs() -> None:
    wheel = os.environ.get("STRAIGHTWIRE_WHEEL")
    if wheel is None:
        pytest.skip("STRAIGHTWIRE_WHEEL names no wheel")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"straightwire/py.typed", "straightwire/_engine.pyi"} <= names


def test_the_stubs_have_each_name_of_the_engine() -> None:
    assert set(DEFINED) == public(_engine)


@pytest.mark.parametrize("name", sorted(public(_engine)))
def test_the_stubs_tell_what_the_engine_takes(name: str) -> None:
    node, value = DEFINED[name], getattr(_engine, name)
    if isinstance(node, ast.ClassDef):
        methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
        assert public(value) == {method for method in methods if not method.startswith("_")}
    else:
        arguments = [argument.arg for argument in node.args.posonlyargs + node.args.args]
        assert list(inspect.signature(value).parameters) == arguments


def test_what_the_pages_tell_of_responses_has_its_types() -> None:
    response = client.HTTPResponse.__annotations__
    told = {name: response[name] for name in ("version", "status", "reason", "headers", "msg")}
    assert told == {
        "version": "int",
        "status": "int",
        "reason": "str",
        "headers": "HTTPMessage",
        "msg": "HTTPMessage",
    }
    assert inspect.signature(client.HTTPConnection.getresponse).return_annotation == "HTTPResponse"


def test_names_that_are_imported_late_are_names_of_the_module_to_checkers() -> None:
    # Under --strict what is only imported is nobody else's, but for `X as X`.
    nodes = ast.walk(ast.parse((PACKAGE / "client.py").read_text()))
    exported = {alias.asname for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert "HTTPMessage" in exported


def test_every_function_of_the_package_has_its_types() -> None:
    untyped = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in sorted(PACKAGE.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not is_typed(node)
    ]
    assert untyped == []


def is_typed(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether each argument and the result of a function have a type."""
    arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
    arguments += [rest for rest in (node.args.vararg, node.args.kwarg) if rest is not None]
    return node.returns is not None and all(
        argument.annotation is not None or argument.arg in ("self", "cls") for argument in arguments
    )
