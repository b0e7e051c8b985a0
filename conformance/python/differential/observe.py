"""Values, exceptions and states as they can be compared, whichever module they come from."""

from __future__ import annotations

import re
import sys
from email.message import Message
from typing import Any

_PLAIN = frozenset((type(None), int, str, bytes, float))


def value(thing: Any) -> Any:
    """A value as something that is equal to another's when programs couldn't tell them apart."""
    kind = type(thing)
    if kind in _PLAIN:
        return thing
    if kind is bool:
        return "true" if thing else "false"
    if kind in (list, tuple):
        return kind.__name__, *map(value, thing)
    if kind is dict:
        return "dict", *((value(key), value(held)) for key, held in thing.items())
    if kind in (bytearray, memoryview):
        return kind.__name__, bytes(thing)
    if isinstance(thing, Message):
        return message(thing)
    if isinstance(thing, BaseException):
        return exception(thing)
    if isinstance(thing, type):
        return "class", thing.__module__, thing.__qualname__
    return (
        "object",
        kind.__module__.replace("straightwire._engine", "_io").replace("Reader", ""),
        kind.__qualname__,
    )


# What the interpreter's own conversions say of arguments of the wrong type: each of its files has its words.
_CONVERSIONS = re.compile(
    r"argument should be integer or None, not|object cannot be interpreted as an integer|an integer is required"
    r"|cannot fit 'int' into|too large to convert to C|read-write bytes-like object|not supported between instances"
    r"|invalid literal for int\(\) with base 16|read length must be non-negative or -1|from closed file|of closed file|on closed file"
).search


def exception(fault: BaseException) -> Any:
    """Class, arguments and text of an exception, what it holds, and what a traceback would show before it."""
    kind = type(fault)
    try:
        text = str(fault)
    except Exception as nested:  # noqa: BLE001  (an answer like any other)
        text = repr(nested)
    if _CONVERSIONS(text):
        return "raises", kind.__module__, kind.__qualname__
    held = tuple(
        (name, value(getattr(fault, name)))
        for name in ("partial", "expected", "line", "version", "errno", "strerror", "code")
        if hasattr(fault, name)
    )
    cause, context = fault.__cause__, fault.__context__
    shown: Any = None
    if cause is not None:
        shown = type(cause).__qualname__, value(cause.args), getattr(cause, "expected", None)
    elif context is not None and not fault.__suppress_context__:
        shown = type(context).__qualname__
    return "raises", kind.__module__, kind.__qualname__, value(fault.args), text, held, shown


def message(msg: Message) -> Any:
    """All that a message holds."""
    payload = msg._payload  # type: ignore[attr-defined]
    return (
        "message",
        type(msg).__module__ + "." + type(msg).__qualname__,
        value(msg._headers),  # type: ignore[attr-defined]
        tuple(type(defect).__name__ for defect in msg.defects),
        value(payload),
        value(msg.preamble),
        value(msg.epilogue),
        value(msg._charset and str(msg._charset)),  # type: ignore[attr-defined]
        value(msg._unixfrom),  # type: ignore[attr-defined]
        value(msg._default_type),  # type: ignore[attr-defined]
        type(msg.policy).__name__,
    )


def response(resp: Any) -> Any:
    """The state of a response, but for its headers: looking at them could change what comes of the next call."""
    if resp is None:
        return None
    return (
        ("done", resp.fp is None),
        ("length", value(resp.length)),
        ("chunk_left", value(resp.chunk_left)),
        ("chunked", value(resp.chunked)),
        ("will_close", value(resp.will_close)),
        (
            "head",
            value(resp.version),
            value(resp.status),
            value(resp.reason),
            value(getattr(resp, "code", "none")),
        ),
        ("closed", resp.closed, resp.isclosed()),
        ("of", resp._method, resp.debuglevel),
    )


# Since 3.12 a connection keeps what the proxy answered.
_TELLS_PROXY = sys.version_info >= (3, 12)


def connection(conn: Any) -> Any:
    """The state of a connection."""
    if conn is None:
        return None
    # One that is done with is as good as none.
    pending = conn._HTTPConnection__response
    return (
        ("state", conn._HTTPConnection__state, pending is None or pending.isclosed()),
        ("sock", conn.sock is None),
        ("buffer", value(conn._buffer)),
        ("method", conn._method),
        ("host", value(conn.host), value(conn.port)),
        ("tunnel", value(conn._tunnel_host), value(conn._tunnel_port), value(conn._tunnel_headers)),
        ("proxy", value(conn._raw_proxy_headers) if _TELLS_PROXY else None),
    )
