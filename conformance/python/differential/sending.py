"""Calls on a connection: requests, plain and odd, whole and step by step."""

from __future__ import annotations

import http.client
import io
import sys
from array import array
from collections.abc import Callable, Iterator
from random import Random
from types import MappingProxyType
from typing import Any

from .case import Step
from .wire import chance


class Reader:
    """A body with `read` and nothing else."""

    def __init__(self, *blocks: Any) -> None:
        self.blocks = list(blocks)

    def read(self, size: int = -1) -> Any:
        """One block after the other, then the end; what is an exception is raised."""
        block = self.blocks.pop(0) if self.blocks else b""
        if isinstance(block, Exception):
            raise block
        return block


def _given(*pieces: Any) -> Iterator[Any]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


def _half_read() -> io.BytesIO:
    file = io.BytesIO(b"read and not read")
    file.read(9)
    return file


class Folded(dict[Any, Any]):
    """A dict of a class of its own."""


# Bodies by name, made anew for each play: some can be read only once.
BODIES: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "empty": lambda: b"",
    "bytes": lambda: b"hello world",
    "long": lambda: b"x" * 20000,
    "block": lambda: b"y" * 16384,
    "bytearray": lambda: bytearray(b"array"),
    "memoryview": lambda: memoryview(b"a view"),
    "strided": lambda: memoryview(b"abcdefgh")[::2],
    "array": lambda: array("I", [1, 2, 3]),
    "no text": lambda: "",
    "text": lambda: "caf\xe9",
    "wide text": lambda: "\u20ac 5",
    "file": lambda: io.BytesIO(b"of a file" * 20),
    "empty file": lambda: io.BytesIO(),
    "read file": _half_read,
    "text file": lambda: io.StringIO("caf\xe9 \n" * 9),
    "wide file": lambda: io.StringIO("a\u20ac"),
    "reader": lambda: Reader(b"one", b"two"),
    "text reader": lambda: Reader("one", "two"),
    "failing reader": lambda: Reader(b"one", OSError("broken")),
    "arrays": lambda: [array("I", [1, 2]), array("B", b"xy")],
    "list": lambda: [b"a", b"", b"bc", bytearray(b"d"), memoryview(b"e")],
    "tuple": lambda: (b"a", b"b"),
    "texts": lambda: ["a", "b"],
    "numbers": lambda: [1, 2],
    "nones": lambda: [None, b"x"],
    "dict": lambda: {b"k": 1},
    "generator": lambda: _given(b"one", b"two", b"x" * 300),
    "failing generator": lambda: _given(b"one", ValueError("broken")),
    "empty generator": lambda: _given(),
    "number": lambda: 5,
    "bool": lambda: True,
    "object": lambda: object(),
    "float": lambda: 1.5,
}

# Headers by name.
HEADERS: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "empty": dict,
    "plain": lambda: {"Accept": "*/*", "User-Agent": "test", "X-A": "b"},
    "many": lambda: {f"X-{number}": f"value {number}" for number in range(25)},
    "length": lambda: {"Content-Length": "5"},
    "odd length": lambda: {"content-LENGTH": 7, "X": "y"},
    "chunked": lambda: {"Transfer-Encoding": "chunked"},
    "coding": lambda: {"transfer-encoding": "gzip"},
    "both": lambda: {"Content-Length": "3", "Transfer-Encoding": "chunked"},
    "host": lambda: {"Host": "other.test:99"},
    "lower host": lambda: {"host": "", "ACCEPT-ENCODING": "gzip"},
    "bytes": lambda: {b"X-B": b"bytes", "X-C": b"c"},
    "bytes host": lambda: {b"Host": b"x"},
    "numbers": lambda: {"X-N": 5, "X-T": True, "X-M": -1, "X-Big": 10**20},
    "float": lambda: {"X-F": 1.5},
    "nothing": lambda: {"X-None": None},
    "number name": lambda: {5: "x"},
    "list value": lambda: {"X-L": ["a", "b"]},
    "views": lambda: {"X-V": memoryview(b"view"), "X-W": bytearray(b"array")},
    "fold": lambda: {"X-Fold": "a\r\n b\n\tc"},
    "split": lambda: {"X-Bad": "a\r\nInjected: b"},
    "return": lambda: {"X-Bad": "a\rb"},
    "trailing": lambda: {"X-Bad": "a\r\n"},
    "nul": lambda: {"X-Nul": "a\x00b", "X Blank ": "c", "X\x00": "d", "X\t": "e"},
    "latin": lambda: {"X-Latin": "caf\xe9"},
    "wide": lambda: {"X-Wide": "\u20ac"},
    "wide name": lambda: {"X-\u20ac": "x"},
    "latin name": lambda: {"X-\xe9": "x"},
    "bad names": lambda: {" X": "y"},
    "colon": lambda: {"X:": "y"},
    "no name": lambda: {"": "y"},
    "mixed": lambda: {"X-A": "a", "X-Bad\n": "b"},
    "list": lambda: [("A", "b")],
    "pairs": lambda: (),
    "proxy": lambda: MappingProxyType({"A": "b", "C": "d"}),
    "class": lambda: Folded({"A": "b", "HOST": "c"}),
    "trailing blank": lambda: {"X-T": "  a  ", "Expect": "100-continue", "Connection": "close"},
    "text class": lambda: {"X-S": type("Text", (str,), {})("s")},
}

# Those that are mappings.
_MAPPINGS = tuple(name for name in HEADERS if name not in ("list", "pairs", "views"))

_METHODS = ("GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS", "CONNECT")
_ODD_METHODS = (
    "",
    "get",
    "post",
    "head",
    "a b",
    "A\r\nB",
    "\x00",
    "\x7f",
    "\xe9",
    b"GET",
    None,
    5,
    "G:T",
    "PO\tST",
    "pAtCh",
)
_URLS = (
    "/",
    "/",
    "/index.html?a=b",
    "/x#frag",
    "*",
    "",
    "http://other.test:8080/x",
    "http://other.test",
    "https://o.test/",
)
_ODD_URLS = (
    *(
        "/a b",
        "/a\r\nb",
        "/\x00",
        "/\x7f",
        "/\xe9",
        "/\u20ac",
        b"/",
        None,
        5,
        "x",
        "//x/y",
        "httpx",
        "http:/x",
        "HTTP://x/",
    ),
    *(
        "http://user:pw@h.test/",
        "http://[::1]:80/",
        "http://[fe80::1%25en0]:8080/",
        "http://a%41b/",
        "http://us%40er@h/",
    ),
    *(
        "http://\xe9.test/",
        "http://",
        "http:///x",
        "http://[::1/",
        "http://x\uff0fy/",
        "https://h:0/",
        "http://h:/",
    ),
)
_HOSTS = ("example.test", "h:81", "h:", "127.0.0.1", "localhost:80")
_ODD_HOSTS = (
    *(
        "",
        ":80",
        "::1",
        "[::1]",
        "[::1]:81",
        "[::1]:",
        "[fe80::1%en0]",
        "fe80::1%en0",
        "[",
        "]",
        "[]",
        "h:x",
        "h:+80",
    ),
    *(
        "h: 80",
        "h:8_0",
        "h:-1",
        "h:99999",
        "h:\u0661",
        "h:80:81",
        "a b",
        "a\r\nb",
        "a\x00",
        "\x7f",
        "\xe9.test",
        "x\uff0fy",
    ),
    *(
        "stra\xdfe.de",
        "a\u3002b",
        "user@h",
        "h/p",
        "[::1]x",
        "x[::1]",
        "h:80 ",
        "[::1]:x",
        b"h",
        None,
        5,
        "." * 3,
        "a" * 70,
    ),
    *(
        "\xe9" * 70,
        "\xe9" * 1100,
        "%41",
        "[v1.x]:5",
        "h:0x50",
        "h:80.0",
        "h:\t80",
        "\u20ac:5",
        ".h",
        "h..i\xe9",
    ),
)
if sys.version_info < (3, 13):
    # Older versions take what is no text a step further.
    _ODD_HOSTS = tuple(host for host in _ODD_HOSTS if isinstance(host, str))
_PORTS = (None, None, None, 80, 443, 8080, 0, "81", "x", -1, 99999, "", 80.0, True)


def _put(conn: Any, url: Any, method: Any, skips: dict[str, Any]) -> None:
    conn.putrequest(method, url, **skips)


def _header(conn: Any, name: Any, values: tuple[Any, ...]) -> None:
    conn.putheader(name, *values)


def _end(conn: Any, body: str, named: dict[str, Any]) -> None:
    if body == "none":
        conn.endheaders(**named)
    else:
        conn.endheaders(BODIES[body](), **named)


def _request(conn: Any, method: Any, url: Any, body: str, headers: str | None, named: dict[str, Any]) -> None:
    if headers is None:
        if body == "none":
            conn.request(method, url, **named)
        else:
            conn.request(method, url, BODIES[body](), **named)
    else:
        conn.request(method, url, BODIES[body](), HEADERS[headers](), **named)


def _send(conn: Any, body: str) -> None:
    conn.send(BODIES[body]())


def _tunnel(conn: Any, host: Any, port: Any, headers: str | None) -> None:
    if headers is None:
        conn.set_tunnel(host, port)
    else:
        conn.set_tunnel(host, port, HEADERS[headers]())


def _call(conn: Any, name: str, *args: Any) -> Any:
    return getattr(conn, name)(*args)


def _set(conn: Any, name: str, to: Any) -> None:
    setattr(conn, name, list(to) if isinstance(to, list) else to)


CALLS: dict[str, Callable[..., Any]] = {
    "c.putrequest": _put,
    "c.putheader": _header,
    "c.endheaders": _end,
    "c.request": _request,
    "c.send": _send,
    "c.set_tunnel": _tunnel,
    "c.call": _call,
    "c.set": _set,
}

_FIELDS: tuple[tuple[Any, tuple[Any, ...]], ...] = (
    *(
        ("A", ("b",)),
        ("A", ("b", "c")),
        ("A", ()),
        ("A", (5, "x", b"y")),
        ("A", (None,)),
        ("A", ("a\r\n",)),
        ("A", ("",)),
    ),
    *(
        (b"A", (b"b",)),
        ("", ("x",)),
        ("A B", ("c",)),
        ("A:", ("c",)),
        ("\xe9", ("x",)),
        (5, ("x",)),
        (None, ("x",)),
    ),
    *(
        ("A", ("\u20ac",)),
        ("A", ("a\n b",)),
        ("A", ("a\nb",)),
        ("A\x00", ("\x00",)),
        ("A", (1.5,)),
        ("A", (True,)),
    ),
    *(
        ("Host", ("h",)),
        ("Content-Length", (11,)),
        ("Transfer-Encoding", ("chunked",)),
        ("A", (bytearray(b"x"), 7)),
    ),
    *(
        ("A", ("a", "b\r\n")),
        ("A", ("x" * 300,)),
        (bytearray(b"A"), ("x",)),
        ("A", ("caf\xe9",)),
        ("A\n", ("x",)),
    ),
)
_PLACES = (
    *(
        ("_http_vsn", 10),
        ("_http_vsn_str", "HTTP/1.0"),
        ("auto_open", 0),
        ("_tunnel_host", None),
        ("default_port", 81),
    ),
    *(
        ("blocksize", 4),
        ("host", "other.test"),
        ("port", 1234),
        ("host", "\xe9.test"),
        ("_method", "HEAD"),
        ("sock", None),
    ),
    *(
        ("_buffer", [b"junk"]),
        ("max_response_headers", 3),
        ("debuglevel", 0),
        ("port", "80"),
        ("host", "::1"),
    ),
)
_ASKED = (
    *("close", "close", "connect", "getresponse", "getresponse", "get_proxy_response_headers"),
    *("_output", "_send_output", "putrequest", "endheaders", "_wrap_ipv6"),
)
# What the interpreter's own has.
PROXY_ANSWER: list[Step] = (
    [("c.call", "get_proxy_response_headers")]
    if hasattr(http.client.HTTPConnection, "get_proxy_response_headers")
    else []
)
_ASKED = tuple(name for name in _ASKED if hasattr(http.client.HTTPConnection, name))


def _body(dice: Random) -> str:
    return "none" if dice.random() < 0.5 else "bytes" if dice.random() < 0.4 else dice.choice(tuple(BODIES))


def _pick(dice: Random, plain: tuple[Any, ...], odd: tuple[Any, ...], of_hundred: float = 6) -> Any:
    return dice.choice(odd) if chance(dice, of_hundred) else dice.choice(plain)


def a_request(dice: Random) -> Step:
    """A whole request."""
    headers = None if chance(dice, 25) else "plain" if chance(dice, 30) else dice.choice(tuple(HEADERS))
    named = {"encode_chunked": dice.random() < 0.5} if chance(dice, 12) else {}
    return (
        "c.request",
        _pick(dice, _METHODS, _ODD_METHODS),
        _pick(dice, _URLS, _ODD_URLS),
        _body(dice),
        headers,
        named,
    )


def by_steps(dice: Random) -> list[Step]:
    """A request, call by call; sometimes one is missing."""
    skips: dict[str, Any] = {}
    if chance(dice, 30):
        skips = dice.choice(
            ({"skip_host": True}, {"skip_accept_encoding": 1}, {"skip_host": 1, "skip_accept_encoding": 1})
        )
    taken: list[Step] = [
        ("c.putrequest", _pick(dice, _URLS, _ODD_URLS), _pick(dice, _METHODS, _ODD_METHODS), skips)
    ]
    taken += [("c.putheader", *dice.choice(_FIELDS)) for _ in range(dice.randrange(4))]
    named = {"encode_chunked": dice.random() < 0.7} if chance(dice, 40) else {}
    taken.append(("c.endheaders", _body(dice), named))
    if chance(dice, 15):
        taken.append(("c.send", _body(dice)))
    if chance(dice, 12):
        del taken[dice.randrange(len(taken))]
    return taken


def noise(dice: Random) -> Step:
    """Anything else that can be done with a connection."""
    draw = dice.random()
    if draw < 0.45:
        name = dice.choice(_ASKED)
        args = {
            "_output": (b"Raw: x",),
            "putrequest": ("GET", "/"),
            "_wrap_ipv6": (dice.choice((b"::1", b"h", b"[::1]")),),
        }
        return "c.call", name, *args.get(name, ())
    if draw < 0.6:
        return "c.set", *dice.choice(_PLACES)
    if draw < 0.7:
        return "c.send", _body(dice)
    if draw < 0.8:
        return "c.putheader", *dice.choice(_FIELDS)
    if draw < 0.9:
        return a_tunnel(dice)
    return "c.call", "set_debuglevel", dice.choice((0, 1))


def a_tunnel(dice: Random) -> Step:
    """A tunnel to somewhere."""
    headers = None if chance(dice, 50) else dice.choice(_MAPPINGS)
    return "c.set_tunnel", _pick(dice, _HOSTS, _ODD_HOSTS, 20), dice.choice(_PORTS), headers


def a_host(dice: Random, odd: float) -> tuple[Any, ...]:
    """Host, and port if it is given by itself."""
    host = _pick(dice, _HOSTS, _ODD_HOSTS, odd)
    return (host,) if chance(dice, 60) else (host, dice.choice(_PORTS))
