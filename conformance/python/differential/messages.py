"""Calls on the headers of a response, which are an `email.message.Message`."""

from __future__ import annotations

import copy
import email.policy
import http.client
import pickle
import re
import sys
from collections.abc import Callable
from random import Random
from typing import Any

from .case import Step
from .wire import chance

_NAMES = (
    *(
        "x-a",
        "X-A",
        "Server",
        "Content-Type",
        "content-type",
        "Content-Length",
        "Set-Cookie",
        "X-Fold",
        "X-New",
    ),
    *("Content-Disposition", "none", "", "X-Utf8", "X-Ctl", "MIME-Version", "Content-Transfer-Encoding"),
)
_ODD_NAMES = (b"x-a", "a b", "a:b", "\xe9", "x\r\ny")
_VALUES = (
    "v",
    "",
    "a\r\n b",
    "caf\xe9",
    "\u20ac",
    "x" * 100,
    5,
    None,
    "text/html; charset=latin-1",
    'a; b=c; d="e"',
)


_ENVELOPE = re.compile("^From nobody .*")
_RAW_ENVELOPE = re.compile(b"^From nobody .*")


def _has(msg: Any, name: Any) -> bool:
    return name in msg


def _length(msg: Any) -> int:
    return len(msg)


def _get_item(msg: Any, name: Any) -> Any:
    return msg[name]


def _set_item(msg: Any, name: Any, value: Any) -> None:
    msg[name] = value


def _delete_item(msg: Any, name: Any) -> None:
    del msg[name]


def _iterate(msg: Any) -> list[Any]:
    return list(msg)


def _call(msg: Any, name: str, *args: Any) -> Any:
    got = getattr(msg, name)(*args)
    return list(got) if hasattr(got, "__next__") else got


def _call_by_name(msg: Any, name: str, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
    got = getattr(msg, name)(*positional, **named)
    # An envelope that is made up tells the time.
    return (
        _ENVELOPE.sub("", got)
        if isinstance(got, str)
        else _RAW_ENVELOPE.sub(b"", got)
        if isinstance(got, bytes)
        else got
    )


def _get(msg: Any, name: str) -> Any:
    return getattr(msg, name)


def _set(msg: Any, name: str, value: Any) -> None:
    setattr(msg, name, list(value) if isinstance(value, list) else value)


def _set_policy(msg: Any, name: str) -> None:
    msg.policy = getattr(email.policy, name)


def _delete(msg: Any, name: str) -> None:
    delattr(msg, name)


def _changed(msg: Any, how: str) -> Any:
    """Through the list itself, as some do."""
    fields = msg._headers
    if how == "append":
        fields.append(("X-New", "appended"))
    elif how == "clear":
        fields.clear()
    elif how == "replace":
        msg._headers = [("A", "b"), ("a", "c")]
    elif how == "sort":
        fields.sort()
    elif how == "pop" and fields:
        return fields.pop()
    return fields is msg._headers


def _as_dict(msg: Any) -> dict[Any, Any]:
    return dict(msg)


def _walk(msg: Any) -> list[str]:
    return [part.get_content_type() for part in msg.walk()]


def _attach(msg: Any) -> Any:
    msg.attach(type(msg)())
    return msg.is_multipart()


def _facts(msg: Any) -> Any:
    return (
        bool(msg),
        isinstance(msg.__class__, type),
        type(msg).__mro__[1].__name__,
        hash(msg) == hash(msg),
    )


def _copied(msg: Any, how: str) -> Any:
    """A copy, and whether it shares anything with the first."""
    other = pickle.loads(pickle.dumps(msg)) if how == "pickle" else getattr(copy, how)(msg)
    shared = other._headers is msg._headers, other.defects is msg.defects
    other["X-Copy"] = "only here"
    return other, shared, "X-Copy" in msg


def _over_there(msg: Any) -> Any:
    """Pickled here, read by a process that has the interpreter's own module."""
    pickled = pickle.dumps(msg)
    ours, sys.modules["http.client"] = sys.modules["http.client"], STOCK
    try:
        other = pickle.loads(pickled)
        return other, other.as_string(), other.get_content_type(), other.walk
    finally:
        sys.modules["http.client"] = ours


# The interpreter's own module, whatever is in its place.
STOCK = http.client

CALLS: dict[str, Callable[..., Any]] = {
    "m.call": _call,
    "m.named": _call_by_name,
    "m.in": _has,
    "m.len": _length,
    "m.[]": _get_item,
    "m.[]=": _set_item,
    "m.del": _delete_item,
    "m.iter": _iterate,
    "m.get": _get,
    "m.set": _set,
    "m.policy": _set_policy,
    "m.delattr": _delete,
    "m.fields": _changed,
    "m.dict": _as_dict,
    "m.walk": _walk,
    "m.attach": _attach,
    "m.facts": _facts,
    "m.copy": _copied,
    "m.sent": _over_there,
    "m.str": str,
    "m.bytes": bytes,
    "m.repr": lambda msg: repr(msg).split(" at ")[0],
}

_ASKED = (
    *(
        "keys",
        "values",
        "items",
        "raw_items",
        "get_content_type",
        "get_content_maintype",
        "get_content_subtype",
    ),
    *(
        "get_default_type",
        "get_params",
        "get_filename",
        "get_boundary",
        "get_content_charset",
        "get_charsets",
    ),
    *(
        "get_charset",
        "get_content_disposition",
        "is_multipart",
        "as_string",
        "as_bytes",
        "get_payload",
        "get_unixfrom",
    ),
    *("__str__", "__bytes__", "__len__"),
)
_GOT = ("defects", "preamble", "epilogue", "_payload", "_charset", "_unixfrom", "_default_type", "_headers")
_NAMED: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("as_string", (True,), {}),
    ("as_string", (), {"unixfrom": True, "maxheaderlen": 40}),
    ("as_bytes", (), {"unixfrom": True}),
    ("as_string", (), {"policy": email.policy.HTTP}),
    ("as_string", (), {"policy": email.policy.default}),
    ("get_payload", (), {"decode": True}),
    ("get_payload", (0,), {}),
    ("add_header", ("X-New", "v"), {"p_q": "r", "s": None}),
    ("add_header", ("X-New", None), {"f": ("utf-8", "", "\xe9")}),
    ("get_param", ("charset",), {"header": "content-type"}),
    ("get_param", ("charset", "none"), {}),
    ("get_param", ("filename",), {"header": "content-disposition", "unquote": False}),
    ("get_params", (5,), {"header": "x-a"}),
    ("set_param", ("charset", "x"), {}),
    ("set_param", ("a", "b c"), {"header": "X-New", "replace": True}),
    ("del_param", ("charset",), {}),
    ("del_param", ("boundary",), {"requote": False}),
    ("set_type", ("text/plain",), {}),
    ("set_type", ("nonsense",), {}),
    ("set_boundary", ("new",), {}),
    ("set_charset", ("utf-8",), {}),
    ("set_charset", (None,), {}),
    ("set_payload", ("text",), {}),
    ("set_payload", (b"bytes",), {}),
    ("set_payload", ("caf\xe9", "latin-1"), {}),
    ("set_payload", (None,), {}),
    ("set_unixfrom", ("From here",), {}),
    ("set_default_type", ("message/rfc822",), {}),
    ("set_raw", ("X-Raw", "raw"), {}),
    ("replace_header", ("X-A", "replaced"), {}),
    ("replace_header", ("none", "replaced"), {}),
    ("getallmatchingheaders", ("x-a",), {}),
    ("get_all", ("x-a", 5), {}),
    ("get_all", (), {"name": "set-cookie", "failobj": ()}),
    ("get", (), {"name": "server", "failobj": 3}),
    ("get_content_charset", ("x",), {}),
    ("get_charsets", ("x",), {}),
)


def step(dice: Random) -> Step:
    """One call."""
    draw = dice.random()
    name = dice.choice(_NAMES) if dice.random() < 0.95 else dice.choice(_ODD_NAMES)
    if draw < 0.2:
        args = (name, dice.choice(_VALUES)) if chance(dice, 20) else (name,)
        return "m.call", dice.choice(("get", "get", "get_all")), *args
    if draw < 0.3:
        return dice.choice(("m.in", "m.[]", "m.[]", "m.del")), name
    if draw < 0.38:
        return "m.[]=", name, dice.choice(_VALUES)
    if draw < 0.56:
        return "m.call", dice.choice(_ASKED)
    if draw < 0.76:
        return "m.named", *dice.choice(_NAMED)
    if draw < 0.8:
        return "m.get", dice.choice(_GOT)
    if draw < 0.83:
        return dice.choice((
            ("m.set", "preamble", "before"), ("m.set", "epilogue", "after"), ("m.set", "_payload", None),
            ("m.set", "_headers", []), ("m.set", "custom", 5), ("m.set", "defects", ["x"]), ("m.set", "_charset", None),
            ("m.delattr", "custom"),
        ))  # fmt: skip
    if draw < 0.85:
        return "m.policy", dice.choice(("default", "HTTP", "SMTP", "strict", "compat32"))
    if draw < 0.89:
        return "m.fields", dice.choice(("append", "clear", "replace", "sort", "pop"))
    if draw < 0.94:
        return "m.copy", dice.choice(("copy", "deepcopy", "pickle"))
    if draw < 0.95:
        return ("m.sent",)
    return (
        dice.choice(
            ("m.len", "m.iter", "m.dict", "m.walk", "m.attach", "m.facts", "m.str", "m.bytes", "m.repr")
        ),
    )


def steps(dice: Random) -> list[Step]:
    """Some calls."""
    return [step(dice) for _ in range(dice.randrange(1, 9))]
