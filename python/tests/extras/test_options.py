"""Extras as options: off, set on a class, on a connection, by keyword; through subclasses that know none."""

from __future__ import annotations

from typing import Any

import pytest
from listening import FACE, OK, Server, answers, client

NAMES = [
    "expect_timeout", "expect_retry", "early_response", "skip_interim", "on_interim", "repeat_stale",
    "strict_length", "lenient_headers", "timed",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_is_off_until_it_is_set(name: str) -> None:
    assert not getattr(client.HTTPConnection, name)
    assert not getattr(client.HTTPSConnection, name)
    connection = client.HTTPConnection("localhost")
    assert name not in vars(connection)
    given = client.HTTPConnection("localhost", **{name: 1})
    assert getattr(given, name) == 1
    assert not getattr(connection, name)
    assert getattr(client.HTTPSConnection("localhost", **{name: 1}), name) == 1


@pytest.mark.skipif(FACE == "patched", reason="stock classes keep what they say of themselves")
def test_help_tells_of_each() -> None:
    *_, table = client.HTTPConnection.__doc__.split("\n\n")
    assert [line.split()[0] for line in table.splitlines() if not line.startswith(" ")] == NAMES


@pytest.mark.parametrize("kind", ["HTTPConnection", "HTTPSConnection"])
def test_an_unknown_option_is_refused_as_ever(kind: str) -> None:
    with pytest.raises(TypeError, match=r"__init__\(\) got an unexpected keyword argument 'expect'"):
        getattr(client, kind)("localhost", expect=1)


def test_a_class_sets_them_for_its_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    class Older(client.HTTPConnection):  # type: ignore[misc,name-defined]
        """As there are many, with an `__init__` that knows of no options."""

        def __init__(self, host: str, port: int, timeout: float) -> None:
            super().__init__(host, port, timeout)

    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with Server(answers(hints + OK, hints + OK)) as server:
        connection = Older(*server.address, timeout=30)
        monkeypatch.setattr(client.HTTPConnection, "skip_interim", True)
        assert exchange(connection) == (200, [103])
        monkeypatch.undo()
        assert exchange(connection) == (103, [])
        connection.close()


def exchange(connection: Any) -> tuple[int, list[int]]:
    """The status of the answer to a GET, and of what came before it."""
    connection.request("GET", "/")
    response = connection.getresponse()
    response.read()
    return response.status, [interim.status for interim in response.interim]
