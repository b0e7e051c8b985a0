"""Calls on a response: every way to read its body, and to look at it."""

from __future__ import annotations

import io
from random import Random
from typing import Any

from .case import Step
from .wire import chance

_SIZES = (0, 1, 2, 3, 5, 8, 13, 40, 100, 200, 1000, 10000)
_ODD_NUMBERS = (-1, -2, 2**31, 2**63 - 1, 2**63, True)
_ODD_SIZES = (*_ODD_NUMBERS, None)
_NAMES = (
    *(
        "x-a",
        "X-A",
        "server",
        "Content-Length",
        "content-type",
        "set-cookie",
        "transfer-encoding",
        "none",
        "X-Fold",
    ),
    *("", "x\r\n", "\xe9", 5, None, b"x-a"),
)
_DEFAULTS = (None, "x", "", 5, ("a", "b"), [], ["c"], b"ab", (1,))


def _readinto(resp: Any, size: int, kind: str, name: str = "readinto") -> Any:
    buffer: Any = bytearray(size)
    if kind == "view":
        buffer = memoryview(buffer)
    elif kind == "bytes":
        buffer = bytes(size)
    return getattr(resp, name)(buffer), bytes(buffer)


def _text(resp: Any) -> str:
    wrapper = io.TextIOWrapper(resp, "latin-1", newline="")
    try:
        return wrapper.read()
    finally:
        wrapper.detach()


def _buffered(resp: Any) -> bytes:
    wrapper = io.BufferedReader(resp, 16)
    try:
        return wrapper.read(7) + wrapper.readline() + wrapper.read()
    finally:
        wrapper.detach()


def _with(resp: Any) -> Any:
    with resp as same:
        return same is resp, same.read(3)


def _set(resp: Any, name: str, to: Any) -> None:
    setattr(resp, name, to)


def _file(resp: Any, name: str, *args: Any) -> Any:
    return None if resp.fp is None else getattr(resp.fp, name)(*args)


def _fileno(resp: Any) -> bool:
    return isinstance(resp.fileno(), int)


def _call(resp: Any, name: str, *args: Any) -> Any:
    return getattr(resp, name)(*args)


CALLS = {
    "call": _call,
    "readinto": _readinto,
    "next": next,
    "list": list,
    "text": _text,
    "buffered": _buffered,
    "with": _with,
    "set": _set,
    "file": _file,
    "fileno": _fileno,
}

# Those that make sense before the head has been read.
BEFORE = frozenset(("set", "fileno"))

_SIZED = ("read", "read", "read", "read1", "read1", "readline", "peek", "readlines")
_UNSIZED = ("read", "read", "read", "read", "read1", "readline", "readline", "peek", "readlines", "close")
_ASKED = (
    *(
        "isclosed",
        "close",
        "begin",
        "getheaders",
        "info",
        "getcode",
        "geturl",
        "readable",
        "writable",
        "seekable",
    ),
    *("tell", "isatty", "flush", "detach", "__enter__", "fileno", "__iter__", "truncate", "__next__"),
)
_PRIVATE = (
    "_get_chunk_left",
    "_close_conn",
    "_check_close",
    "_read_next_chunk_size",
    "_read_and_discard_trailer",
)
_PLACES = (
    *(
        ("length", 3),
        ("length", None),
        ("length", 0),
        ("chunked", True),
        ("chunked", False),
        ("chunk_left", 2),
    ),
    *(("chunk_left", None), ("chunk_left", 0), ("will_close", True), ("debuglevel", 1), ("_method", "HEAD")),
    *(("fp", None), ("headers", None), ("msg", "x"), ("url", "http://x/"), ("reason", "other")),
)


def step(dice: Random) -> Step:
    """One call."""
    draw = dice.random()
    if draw < 0.34:
        return "call", dice.choice(_SIZED), dice.choice(_SIZES)
    if draw < 0.6:
        return "call", dice.choice(_UNSIZED)
    if draw < 0.68:
        kind = dice.choice(("", "", "", "view", "bytes"))
        name = dice.choice(("readinto", "readinto", "readinto", "readinto1"))
        return "readinto", dice.choice(_SIZES), kind, name
    if draw < 0.74:
        return ("next",)
    if draw < 0.8:
        return (
            "call",
            "getheader",
            dice.choice(_NAMES),
            *((dice.choice(_DEFAULTS),) if chance(dice, 50) else ()),
        )
    if draw < 0.9:
        name = dice.choice(_ASKED)
        return ("fileno",) if name == "fileno" else ("call", name)
    if draw < 0.92:
        name = dice.choice(_SIZED)
        return "call", name, dice.choice(_ODD_SIZES if name in ("read", "readline") else _ODD_NUMBERS)
    if draw < 0.95:
        return (dice.choice(("list", "text", "buffered", "with")),)
    if draw < 0.97:
        return "set", *dice.choice(_PLACES)
    if draw < 0.985:
        name = dice.choice(("readline", "read", "peek", "readinto", "closed", "flush"))
        args: tuple[Any, ...] = (dice.choice((0, 1, 5, 100)),) if name in ("read", "peek") else ()
        return (
            ("file", name, *args) if name in ("readline", "read", "peek", "flush") else ("file", "readable")
        )
    if chance(dice, 40):
        return "call", "_safe_read", dice.choice(_SIZES)
    return "call", dice.choice(_PRIVATE)


def steps(dice: Random, most: int = 7) -> list[Step]:
    """Some calls, most often the same again and again, as programs do."""
    draw = dice.random()
    if draw < 0.15:
        return [("call", "read")]
    if draw < 0.4:
        again = step(dice)
        taken = [again] * dice.randrange(1, 6) + [step(dice)]
    else:
        taken = [step(dice) for _ in range(dice.randrange(1, 8))]
    return taken[:most]
