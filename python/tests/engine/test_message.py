"""Headers that are still the head they came in: whatever is done to them, they are a message of the email package."""

from __future__ import annotations

import copy
import email.message
import http.client
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import straightwire.client
from straightwire.client import HTTPMessage

LINES = b"Server: x\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Type: text/plain; charset=utf-8\r\nX-Odd: \xe9\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + LINES + b"\r\n"


class Canned:
    def makefile(self, *_: object) -> Any:
        return io.BufferedReader(io.BytesIO(HEAD))


def message(module: Any = straightwire.client) -> Any:
    """The headers of a response that has just been read."""
    response = module.HTTPResponse(Canned())
    response.begin()
    headers = response.headers
    assert is_lazy(headers) is (module is straightwire.client)
    return headers


def is_lazy(headers: Any) -> bool:
    """Whether the head still answers."""
    return getattr(headers, "_head", None) is not None


def held(headers: Any) -> dict[str, Any]:
    """All that a message holds, defects and policy by their class."""
    names = ("_headers", "_unixfrom", "_payload", "_charset", "preamble", "epilogue", "_default_type")
    return {name: getattr(headers, name) for name in names} | {
        "defects": list(map(type, headers.defects)),
        "policy": type(headers.policy),
    }


def test_it_is_lazy_until_somebody_wants_the_list() -> None:
    headers = message()
    assert type(headers) is HTTPMessage
    assert headers["server"] == headers.get("SERVER") == "x"
    assert headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert "x-odd" in headers and "none" not in headers
    assert (headers.keys(), headers.values(), headers.items()) == tuple(
        getattr(message(http.client), name)() for name in ("keys", "values", "items")
    )
    assert is_lazy(headers)
    assert headers._headers == message(http.client)._headers
    assert not is_lazy(headers)


Change = Callable[[Any], object]

READINGS: dict[str, Change] = {
    "len": len,
    "iter": list,
    "str": str,
    "bytes": bytes,
    "bool": bool,
    "as_string": lambda it: it.as_string(),
    "content type": lambda it: (it.get_content_type(), it.get_content_charset(), it.get_params()),
    "raw_items": lambda it: list(it.raw_items()),
    "walk": lambda it: len(list(it.walk())),
    "is_multipart": lambda it: it.is_multipart(),
    "payload": lambda it: it.get_payload(),
    "filename": lambda it: (it.get_filename(), it.get_boundary(), it.get_charsets()),
    "bytes name": lambda it: b"server" in it,
    "default": lambda it: (it.get("none", 5), it.get_all("none", 5), it["none"]),
    "held": held,
}

CHANGES: dict[str, Change] = {
    "set": lambda it: it.__setitem__("Server", "y"),
    "delete": lambda it: it.__delitem__("SET-cookie"),
    "delete nothing": lambda it: it.__delitem__("none"),
    "add_header": lambda it: it.add_header("X", "y", z="w"),
    "replace_header": lambda it: it.replace_header("server", "y"),
    "set_raw": lambda it: it.set_raw("X", "y"),
    "set_type": lambda it: it.set_type("text/html"),
    "set_param": lambda it: it.set_param("charset", "latin-1"),
    "del_param": lambda it: it.del_param("charset"),
    "set_charset": lambda it: it.set_charset("ascii"),
    "set_payload": lambda it: it.set_payload("body"),
    "set_default_type": lambda it: it.set_default_type("text/html"),
    "set_unixfrom": lambda it: it.set_unixfrom("From x"),
    "_headers assigned": lambda it: setattr(it, "_headers", [("A", "b"), ("a", "c")]),
    "_headers changed": lambda it: it._headers.append(("A", "b")),
    "_headers assigned to itself": lambda it: setattr(it, "_headers", it._headers),
    "defects": lambda it: it.defects.append(ValueError()),
    "policy": lambda it: setattr(it, "policy", email.message.EmailMessage().policy),
}


@pytest.mark.parametrize("name", READINGS)
def test_each_reading_gives_what_a_message_gives(name: str) -> None:
    read = READINGS[name]
    assert read(message()) == read(message(http.client))


@pytest.mark.parametrize("asked", [False, True], ids=["at once", "after get"])
@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_one_of_the_message(name: str, asked: bool) -> None:
    mine, stock = message(), message(http.client)
    for headers in mine, stock:
        if asked:
            assert headers.get("server") == "x"
        CHANGES[name](headers)
    for read in ("server", "set-cookie", "x", "a", "content-type"):
        assert (mine[read], mine.get_all(read)) == (stock[read], stock.get_all(read))
    assert (mine.items(), list(mine), len(mine)) == (stock.items(), list(stock), len(stock))
    assert held(mine) == held(stock)


WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {n}": lambda it, n=n: pickle.loads(pickle.dumps(it, n))
        for n in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.fixture
def _found_by_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    # A class of `http.client` is looked for there.
    monkeypatch.setattr(http.client, "HTTPMessage", HTTPMessage)


@pytest.mark.usefixtures("_found_by_pickle")
@pytest.mark.parametrize("state", ["untouched", "asked", "listed", "changed"])
@pytest.mark.parametrize("way", WAYS)
def test_copies_hold_all_and_are_their_own(way: str, state: str) -> None:
    headers = message()
    if state == "asked":
        assert headers["server"] == "x"
    elif state == "listed":
        assert len(headers._headers) == 6
    elif state == "changed":
        headers["X"] = "y"
    before = headers.items()
    again = WAYS[way](headers)
    assert type(again) is HTTPMessage
    assert held(again) == held(headers)
    again["Z"] = "z"
    del again["Server"]
    # A shallow copy shares its list, as copies of messages do, but for what replaces the list.
    assert again.items()[-1] == ("Z", "z") and "server" not in again
    if way != "copy":
        assert headers.items() == before
    assert headers["Server"] == "x"


def test_a_message_without_a_head_is_an_ordinary_one() -> None:
    headers = HTTPMessage()
    headers["A"] = "b"
    assert headers.items() == [("A", "b")] and headers._headers == [("A", "b")]
    with pytest.raises(AttributeError, match="_headers"):
        HTTPMessage.__new__(HTTPMessage)._headers  # noqa: B018
