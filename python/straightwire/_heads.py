"""The head of a response, line by line: methods of a response, for heads that are odd in any way."""

from __future__ import annotations

from collections.abc import Sequence

import straightwire.client as face
from straightwire import _interim as interims
from straightwire import _lenient as lenient
from straightwire._debug import say
from straightwire._errors import (
    BadStatusLine,
    HTTPException,
    IncompleteRead,
    LineTooLong,
    RemoteDisconnected,
    UnknownProtocol,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Statuses that have no body, whatever their headers promise; 1xx besides (RFC 9112 6.3 rule 1).
_BODILESS = frozenset((204, 304))


def message(head: Any) -> Any:
    """The message that stands for a head that was read in one go."""
    made = face.HTTPMessage.__new__(face.HTTPMessage)
    made._head = head
    return made


def read_status(self: Any) -> tuple[str, int, str]:
    """Reads the status line: version, status and reason."""
    line = str(self.fp.readline(face._MAXLINE + 1), "iso-8859-1")
    if len(line) > face._MAXLINE:
        raise LineTooLong("status line")
    if self.debuglevel > 0:
        say("reply:", repr(line))
    if not line:
        raise RemoteDisconnected("Remote end closed connection without response")
    words: Sequence[str] = line.split(None, 2)
    if len(words) < 3:
        # Without a reason, what follows the code is left to `int`; a word alone is not taken for a version.
        words = (*line.split(None, 1), "") if len(words) == 2 else ("", "", "")
    version, code, reason = words
    if not version.startswith("HTTP/"):
        self._close_conn()
        raise BadStatusLine(line)
    try:
        status = int(code)
    except ValueError:
        raise BadStatusLine(line)  # noqa: B904
    if not 100 <= status <= 999:
        raise BadStatusLine(line)
    return version, status, reason


def begin_by_lines(self: Any, max_headers: int | None) -> None:
    """`begin`, a line at a time: what it does with heads that are odd in any way."""
    for _ in range(face._MAXINTERIMRESPONSES):
        version, status, reason = self._read_status()
        if status != 100 and not interims.is_skipped(self, status):
            break
        skipped = face._read_headers(self.fp, max_headers)
        interims.note(self, status, reason, skipped)
        if self.debuglevel > 0:
            say("headers:", skipped)
    else:
        raise HTTPException(f"got more than {face._MAXINTERIMRESPONSES} interim responses")
    self.code = self.status = status
    self.reason = reason.strip()
    if version in ("HTTP/1.0", "HTTP/0.9"):
        self.version = 10
    elif version.startswith("HTTP/1."):
        self.version = 11
    else:
        raise UnknownProtocol(version)
    if max_headers is None and not (self.lenient_headers or self.strict_length):
        headers = face.parse_headers(self.fp)
    else:
        lines = face._read_headers(self.fp, max_headers)
        if self.strict_length and lines[-1] == b"":
            raise IncompleteRead(b"".join(lines))
        parse = lenient.parse_header_lines if self.lenient_headers else face._parse_header_lines
        headers = parse(lines)
    self.headers = self.msg = headers
    if self.debuglevel > 0:
        for name, value in headers.items():
            say("header:", name + ":", value)
    self.will_close = self._check_close() or (self.lenient_headers and lenient.may_have_framed(headers))
    self._frame(status, headers.get("transfer-encoding"), headers.get("content-length"))


def frame(self: Any, status: int, coding: str | None, length: str | None) -> None:
    """Decides where the body ends."""
    bodiless = status in _BODILESS or 100 <= status < 200
    self.chunked = coding is not None and coding.lower() == "chunked" and not bodiless
    self.length = None
    if self.chunked:
        self.chunk_left = None
    elif length is not None:
        try:
            self.length = int(length)
        except ValueError:
            pass
        else:
            if self.length < 0:
                self.length = None
    if bodiless or self._method == "HEAD":
        self.length = 0
    elif self.length is None and not self.chunked:
        self.will_close = True


def check_close(self: Any) -> bool:
    """Whether the server will close the connection after this response."""
    get = self.headers.get
    connection = get("connection")
    if self.version == 11:
        return connection is not None and "close" in connection.lower()
    if get("keep-alive") or (connection and "keep-alive" in connection.lower()):
        return False
    proxy = get("proxy-connection")
    return not (proxy and "keep-alive" in proxy.lower())
