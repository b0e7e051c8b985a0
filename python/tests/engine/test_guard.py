"""A guard's answer, through all that may happen to a class, its bases, an instance and a module."""

from __future__ import annotations

import gc
import socket
import types
from collections.abc import Callable
from typing import Any

import pytest

import straightwire.client  # noqa: F401  (before the modules it is made of)
from straightwire import _connection, _response
from straightwire._engine import Guard
from straightwire.client import HTTPConnection, HTTPResponse, HTTPSConnection


class Base:
    inherited = 1

    def first(self) -> str:
        return "first"


class Kind(Base):
    def __init__(self) -> None:
        self.one = self.two = None

    def second(self) -> str:
        return "second"


def guard(attributes: int | None = 2, *rest: Any) -> Guard:
    """A guard for `Kind`."""
    return Guard({name: getattr(Kind, name) for name in ("first", "second", "inherited")}, attributes, *rest)


def other(*_: object) -> str:
    return "other"


@pytest.mark.parametrize("attributes", [2, None, 0, 99])
@pytest.mark.parametrize("place", [Kind, Base])
@pytest.mark.parametrize("name", ["first", "second", "inherited"])
def test_a_class_or_base_patched_and_as_before_again(
    monkeypatch: pytest.MonkeyPatch, place: type, name: str, attributes: int | None
) -> None:
    ours, it = guard(attributes), Kind()
    for _ in range(3):
        assert ours.passes(it) and ours.passes(it)
        with monkeypatch.context() as patch:
            patch.setattr(place, name, other, raising=False)
            # What a base has counts only where the class has none of its own.
            hidden = place is Base and name in vars(Kind)
            assert ours.passes(it) is hidden
            assert ours.passes(it) is hidden
    assert ours.passes(it)


def test_an_equal_step_is_not_the_same() -> None:
    ours, it = guard(), Kind()
    original = Kind.second
    try:
        Kind.second = types.FunctionType(original.__code__, globals())  # type: ignore[method-assign]
        assert not ours.passes(it)
    finally:
        Kind.second = original  # type: ignore[method-assign]
    assert ours.passes(it)


def test_an_instance_patched_and_as_before_again() -> None:
    ours, it = guard(), Kind()
    for _ in range(2):
        assert ours.passes(it)
        it.second = other  # type: ignore[method-assign]
        assert not ours.passes(it)
        del it.second  # type: ignore[method-assign]
    it.three = 3  # type: ignore[attr-defined]
    assert ours.passes(it)
    it.inherited = 5
    assert not ours.passes(it)


def test_instances_of_one_class_by_themselves() -> None:
    ours, plain, patched = guard(), Kind(), Kind()
    patched.first = other  # type: ignore[method-assign]
    for _ in range(3):
        assert ours.passes(plain)
        assert not ours.passes(patched)


def test_subclasses() -> None:
    class Plain(Kind):
        pass

    class Deeper(Plain):
        pass

    class Overriding(Kind):
        def second(self) -> str:
            return "mine"

    ours = guard()
    assert ours.passes(Plain()) and ours.passes(Deeper())
    assert not ours.passes(Overriding())
    Plain.second = other  # type: ignore[method-assign,assignment]
    assert not ours.passes(Deeper())
    assert ours.passes(Kind())
    del Plain.second
    assert ours.passes(Deeper())
    Deeper.__bases__ = (Overriding,)
    assert not ours.passes(Deeper())
    Deeper.__bases__ = (Plain,)
    assert ours.passes(Deeper())


def test_an_instance_given_another_class() -> None:
    class Overriding(Kind):
        def second(self) -> str:
            return "mine"

    ours, it = guard(), Kind()
    assert ours.passes(it)
    it.__class__ = Overriding
    assert not ours.passes(it)
    it.__class__ = Kind
    assert ours.passes(it)


@pytest.mark.parametrize("attributes", [2, None])
def test_a_name_in_a_module(attributes: int | None) -> None:
    module = types.ModuleType("module")
    module.name, module.rest = "value", 1  # type: ignore[attr-defined]
    ours, it = guard(attributes, module, ["name"]), Kind()
    for _ in range(2):
        assert ours.passes(it)
        module.rest = 2  # type: ignore[attr-defined]
        assert ours.passes(it)
        module.name = "another"  # type: ignore[attr-defined]
        assert not ours.passes(it)
        module.name = "value"  # type: ignore[attr-defined]
    del module.name  # type: ignore[attr-defined]
    assert not ours.passes(it)


def test_no_class_has_the_answer_of_another() -> None:
    # More classes than are remembered, whose tags come and go; half of them override.
    ours = guard(None)
    made: list[tuple[type, bool]] = []
    for round_ in range(60):
        for number in range(40):
            overriding = number % 2 == 0
            names: dict[str, Any] = {"second": other} if overriding else {}
            made.append((type(f"Kind{number}", (Kind,), names), overriding))
        for kind, overriding in made:
            assert ours.passes(kind()) is not overriding
        for kind, overriding in made[::3]:
            kind.unrelated = round_  # type: ignore[attr-defined]
            assert ours.passes(kind()) is not overriding
        if round_ % 2:
            made.clear()
            gc.collect()


def test_a_twin_knows_other_steps() -> None:
    module = types.ModuleType("module")
    module.name = "first"  # type: ignore[attr-defined]
    ours = guard(2, module, ["name"])

    class Other:
        first, second, inherited = other, other, 1

        def __init__(self) -> None:
            self.one = self.two = None

    elsewhere = types.ModuleType("elsewhere")
    elsewhere.name = "first"  # type: ignore[attr-defined]
    twin = ours.twin(lambda value: other if callable(value) else value, elsewhere)
    assert twin.passes(Other()) and not twin.passes(Kind())
    assert ours.passes(Kind()) and not ours.passes(Other())
    elsewhere.name = "second"  # type: ignore[attr-defined]
    assert not twin.passes(Other()) and ours.passes(Kind())


# -- the guards of the face, whose short cuts would be lost without a word if they never passed


@pytest.mark.parametrize(
    "make",
    [
        lambda: HTTPConnection("localhost"),
        lambda: HTTPConnection("localhost", max_response_headers=5),
        lambda: HTTPSConnection("localhost"),
    ],
)
def test_connections_pass(make: Callable[[], HTTPConnection]) -> None:
    assert _connection.STEPS.passes(make())


def test_a_connection_has_as_many_attributes_as_its_guard_counts() -> None:
    # With another number each request would look for every step among them.
    assert len(vars(HTTPConnection("localhost"))) == _connection.STEPS.attributes


@pytest.mark.parametrize("derived", [False, True], ids=["opened", "parsed"])
@pytest.mark.parametrize(
    "framing", [b"Content-Length: 2\r\n\r\nok", b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"]
)
def test_responses_pass(framing: bytes, derived: bool) -> None:
    class Derived(socket.socket):
        pass

    ours, theirs = socket.socketpair()
    with theirs:
        connection = HTTPConnection("localhost")
        connection.sock = Derived(fileno=ours.detach()) if derived else ours
        assert _connection.STEPS.passes(connection)
        connection.request("GET", "/")
        theirs.sendall(b"HTTP/1.1 200 OK\r\n" + framing)
        response = connection.getresponse()
        if response.length is not None:
            # Chunks have one more, which is looked at.
            assert len(vars(response)) == _response.STEPS.attributes
        for guarded in _response.STEPS, _response.PARSING, _response.OPENING:
            assert guarded.passes(response)
        assert response.read(2) == b"ok"
        assert _response.STEPS.passes(response)
        connection.close()


def test_a_response_made_by_others_passes() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        response = HTTPResponse(ours)
        assert _response.PARSING.passes(response)
        response.close()


@pytest.mark.parametrize(
    "guarded", [_connection.STEPS, _response.STEPS, _response.PARSING, _response.OPENING]
)
def test_the_steps_are_what_the_class_has(guarded: Guard) -> None:
    kind = HTTPConnection if guarded is _connection.STEPS else HTTPResponse
    found = {name: getattr(kind, name) for name in guarded.steps}
    assert all(found[name] is step for name, step in guarded.steps.items())
