"""Every name of `http.client`, over the project's own engine.

The classes live in modules of their own; this one is their face. What users set here (`_MAXHEADERS`,
`_MAXLINE`, `print`, `parse_headers` …) is looked up here at every call, as in `http.client`.
"""

# Nothing here is used but by those who import it; the classes need this module's names when they are made.
# ruff: noqa: F401, I001

from __future__ import annotations

import collections.abc
import errno
import http
import io
import re
import socket
import sys
from importlib import import_module
from importlib.util import find_spec

from straightwire._errors import (
    MAXLINE,
    BadStatusLine,
    CannotSendHeader,
    CannotSendRequest,
    HTTPException,
    ImproperConnectionState,
    IncompleteRead,
    InvalidURL,
    LineTooLong,
    NotConnected,
    RemoteDisconnected,
    ResponseNotReady,
    UnimplementedFileMode,
    UnknownProtocol,
    UnknownTransferEncoding,
    error,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import email.message
    import ssl
    from typing import Any
    from urllib.parse import urlsplit

    from straightwire._message import HTTPMessage as HTTPMessage  # noqa: PLC0414  (to be given on)

__all__ = [
    "BadStatusLine",
    "CannotSendHeader",
    "CannotSendRequest",
    "HTTPConnection",
    "HTTPException",
    "HTTPResponse",
    "ImproperConnectionState",
    "IncompleteRead",
    "InvalidURL",
    "LineTooLong",
    "NotConnected",
    "RemoteDisconnected",
    "ResponseNotReady",
    "UnimplementedFileMode",
    "UnknownProtocol",
    "UnknownTransferEncoding",
    "error",
    "responses",
]

HTTP_PORT = 80
HTTPS_PORT = 443

_UNKNOWN = "UNKNOWN"

# The states of a connection, by the words that its errors show.
_CS_IDLE = "Idle"
_CS_REQ_STARTED = "Request-started"
_CS_REQ_SENT = "Request-sent"

# The status codes by name, older names included, and their phrases by code.
globals().update(http.HTTPStatus.__members__)
responses = {status: status.phrase for status in http.HTTPStatus}

_MAXLINE = MAXLINE
_MAXHEADERS = 100
_MAXINTERIMRESPONSES = 100
_MIN_READ_BUF_SIZE = 1 << 20

# What may not be in a header. A value may go on in a line that begins with a blank (RFC 9112 5.2).
_is_legal_header_name: collections.abc.Callable[[bytes], re.Match[bytes] | None] = re.compile(
    rb"[^:\s][^:\r\n]*"
).fullmatch
_is_illegal_header_value: collections.abc.Callable[[bytes], re.Match[bytes] | None] = re.compile(
    rb"\n(?![ \t])|\r(?![ \t\n])"
).search

# What would end the request line early, or make two of it.
_contains_disallowed_url_pchar_re = re.compile("[\x00-\x20\x7f]")
_contains_disallowed_method_pchar_re = re.compile("[\x00-\x1f]")

# The methods that are expected to have a body: without one they say so with a length of 0.
_METHODS_EXPECTING_BODY = {"PATCH", "POST", "PUT"}


def _encode(data: str, name: str = "data") -> bytes:
    """`data` as ISO-8859-1; an error says what `name` could have been encoded as instead."""
    try:
        return data.encode("latin-1")
    except UnicodeEncodeError as fault:
        shown = f"{name.title()} ({data[fault.start : fault.end]!r:.20})"
        reason = f"{shown} is not valid Latin-1. Use {name}.encode('utf-8') if you want to send it encoded in UTF-8."
        raise UnicodeEncodeError(fault.encoding, fault.object, fault.start, fault.end, reason) from None


def _strip_ipv6_iface(enc_name: bytes) -> bytes:
    """An address without its zone, which means nothing to the other side (RFC 6874)."""
    address, zone, _ = enc_name.partition(b"%")
    if not zone:
        return enc_name
    assert address.startswith(b"["), address
    return address + b"]"


from straightwire._lines import parse_headers
from straightwire._lines import parse_header_lines as _parse_header_lines
from straightwire._lines import read_headers as _read_headers
from straightwire._response import HTTPResponse
from straightwire._connection import HTTPConnection


def _has_ssl() -> bool:
    """Whether the interpreter has TLS. Importing `ssl` to find out would cost more than all the rest."""
    if "ssl" in sys.modules:
        return sys.modules["ssl"] is not None
    return find_spec("ssl") is not None and find_spec("_ssl") is not None


# Imported when they are first asked for, as they cost more than all the rest, and most programs never ask.
_LATE = {
    "HTTPMessage": ("straightwire._message", "HTTPMessage"),
    "email": ("email.message", None),
    "urlsplit": ("urllib.parse", "urlsplit"),
}

if _has_ssl():
    from straightwire._https import HTTPSConnection
    from straightwire._https import create_https_context as _create_https_context

    __all__.append("HTTPSConnection")
    _LATE["ssl"] = ("ssl", None)


def __getattr__(name: str) -> Any:
    """What is imported late."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LATE[name]
    found = import_module(module)
    globals()[name] = getattr(found, attribute) if attribute else sys.modules[name]
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
