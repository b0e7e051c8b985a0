"""A response: its head, and its body read in whatever way the caller likes."""

from __future__ import annotations

import io
from builtins import print as builtin_print
from collections.abc import Iterator
from typing import Any

import straightwire.client as face
from straightwire import _native
from straightwire._errors import (
    BadStatusLine,
    HTTPException,
    IncompleteRead,
    LineTooLong,
    RemoteDisconnected,
    UnknownProtocol,
)
from straightwire._message import ENDS, filled, parse_headers, read_line
from straightwire._pure import closes

_UNKNOWN = "UNKNOWN"

# Statuses that have no body, whatever their headers promise; 1xx besides (RFC 9112 6.3 rule 1).
_BODILESS = frozenset((204, 304))


def say(*words: object) -> None:
    """Prints for `debuglevel`, through `http.client.print` if somebody has set that."""
    getattr(face, "print", builtin_print)(*words)


class HTTPResponse(io.BufferedIOBase):
    """What the server answered; reading it reads the body."""

    __module__ = "http.client"

    # Defaults stand here, so that making a response stores only what is its own.
    fp: Any = None
    debuglevel = 0
    _method: str | None = None
    headers: Any = None
    msg: Any = None
    version: Any = _UNKNOWN
    status: Any = _UNKNOWN
    code: Any
    reason: Any = _UNKNOWN
    chunked: Any = _UNKNOWN
    chunk_left: Any = _UNKNOWN
    length: Any = _UNKNOWN
    will_close: Any = _UNKNOWN
    # How many trailers are skipped before they are too many.
    _max_headers: int | None = None
    # Whether `close` left a part of the body unread, so that it stands in the way of the next response.
    _abandoned = False

    def __init__(
        self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        self.fp = _native.open_reader(sock)
        if debuglevel:
            self.debuglevel = debuglevel
        self._method = method

    def __del__(self) -> None:
        # The finalizer of io's classes goes through `closed` and `close` each time; mostly there is nothing to do.
        if self.fp is None and type(self).close is _CLOSE:
            return
        try:
            if not self.closed:
                self.close()
        except Exception:  # noqa: BLE001, S110  (as io's finalizer does: there is nobody to tell)
            pass

    # -- the head

    def _read_status(self) -> tuple[str, int, str]:
        """Reads the status line: version, status and reason."""
        line = str(self.fp.readline(face._MAXLINE + 1), "iso-8859-1")
        if len(line) > face._MAXLINE:
            raise LineTooLong("status line")
        if self.debuglevel > 0:
            say("reply:", repr(line))
        if not line:
            raise RemoteDisconnected("Remote end closed connection without response")
        version, code, reason, *_ = (*line.split(None, 2), "", "", "")
        if not version.startswith("HTTP/"):
            self._close_conn()
            raise BadStatusLine(line)
        try:
            status = int(code)
        except ValueError:
            raise BadStatusLine(line) from None
        if not 100 <= status <= 999:
            raise BadStatusLine(line)
        return version, status, reason

    def begin(self, *, _max_headers: int | None = None) -> None:
        """Reads the head, interim responses skipped, and finds out how long the body is."""
        if self.headers is not None:
            return
        kind = type(self)
        if _max_headers is not None:
            self._max_headers = _max_headers
        if (
            self.debuglevel <= 0
            and kind._read_status is _READ_STATUS
            and kind._check_close is _CHECK_CLOSE
            and face.parse_headers is parse_headers
        ):
            head = _native.take_head(self.fp, face._MAXHEADERS if _max_headers is None else _max_headers)
            if head is not None:
                self._begin_by_head(head)
                return
        self._begin_by_lines(_max_headers)

    def _begin_by_head(self, head: Any) -> None:
        """`begin` with a well-formed head."""
        self.headers = self.msg = filled(head.items())
        summary = head.summary(self._method)
        if summary is None:
            self.version, self.reason = head.version, head.reason
            self.code = self.status = head.status
            self.will_close = self._check_close()
            get = self.headers.get
            self._frame(head.status, get("transfer-encoding"), get("content-length"))
            return
        self.version, status, self.reason, chunked, self.length, self.will_close = summary
        self.code = self.status = status
        if chunked and (status in _BODILESS or status < 200):
            chunked = False
        self.chunked = chunked
        if chunked:
            self.chunk_left = None

    def _begin_by_lines(self, max_headers: int | None) -> None:
        """`begin`, a line at a time: what it does with heads that are odd in any way."""
        for _ in range(face._MAXINTERIMRESPONSES):
            version, status, reason = self._read_status()
            if status != 100:
                break
            skipped = face._read_headers(self.fp, max_headers)
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
        if max_headers is None:
            headers = face.parse_headers(self.fp)
        else:
            headers = face._parse_header_lines(face._read_headers(self.fp, max_headers))
        self.headers = self.msg = headers
        if self.debuglevel > 0:
            for name, value in headers.items():
                say("header:", name + ":", value)
        self.will_close = self._check_close()
        self._frame(status, headers.get("transfer-encoding"), headers.get("content-length"))

    def _frame(self, status: int, coding: str | None, length: str | None) -> None:
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

    def _check_close(self) -> bool:
        """Whether the server will close the connection after this response."""
        get = self.headers.get
        return closes(self.version, get("connection"), get("keep-alive"), get("proxy-connection"))

    # -- the end

    def _close_conn(self) -> None:
        fp, self.fp = self.fp, None
        fp.close()

    def close(self) -> None:
        """Lets go of the connection, without reading what is left."""
        try:
            io.BufferedIOBase.close(self)
        finally:
            if self.fp is not None:
                self._abandoned = self._method != "HEAD" and (
                    self.chunked is True or self.length not in (0, None)
                )
                self._close_conn()

    def flush(self) -> None:
        """Does nothing but what io's base class and the file below do."""
        io.BufferedIOBase.flush(self)
        if self.fp:
            self.fp.flush()

    def readable(self) -> bool:
        """Always true."""
        return True

    def isclosed(self) -> bool:
        """Whether the body has been read to its end, or given up."""
        return self.fp is None

    def fileno(self) -> int:
        """The socket's file descriptor."""
        return self.fp.fileno()

    # -- the body, by length or to the end of the stream

    def read(self, amt: int | None = None) -> bytes:
        """The whole body, or up to `amt` bytes of it: fewer only at its end."""
        if self.fp is None:
            return b""
        if self._method == "HEAD":
            self._close_conn()
            return b""
        if amt is not None and amt < 0:
            amt = None
        if self.chunked:
            return self._read_chunked(amt)
        if amt is not None:
            if self.length is not None and amt > self.length:
                amt = self.length
            return self._took(_native.read_up_to(self.fp, amt), amt)
        if self.length is None:
            data = self.fp.read()
        else:
            try:
                data = self._safe_read(self.length)
            except IncompleteRead:
                self._close_conn()
                raise
            self.length = 0
        self._close_conn()
        return data

    def read1(self, n: int = -1) -> bytes:
        """Up to `n` bytes, from one read of the socket at most."""
        if self.fp is None or self._method == "HEAD":
            return b""
        if self.chunked:
            return self._read1_chunked(n)
        if self.length is not None and not 0 <= n <= self.length:
            n = self.length
        return self._took(self.fp.read1(n), n)

    def readline(self, limit: int | None = -1) -> bytes:
        """One line of the body."""
        if self.fp is None or self._method == "HEAD":
            return b""
        if self.chunked:
            # io's own way, by `peek` and `read`, minds the chunks' ends.
            return io.BufferedIOBase.readline(self, -1 if limit is None else limit)
        if limit is None:
            limit = -1
        if self.length is not None and not 0 <= limit <= self.length:
            limit = self.length
        return self._took(self.fp.readline(limit), limit)

    def _took(self, data: bytes, asked: int) -> bytes:
        """Counts `data`, read in answer to a wish for `asked` bytes, and closes at the body's end."""
        if not data and asked:
            self._close_conn()
        elif self.length is not None:
            self.length -= len(data)
            if not self.length:
                self._close_conn()
        return data

    def peek(self, n: int = -1) -> bytes:
        """Some of the bytes that come next, without taking them."""
        if self.fp is None or self._method == "HEAD":
            return b""
        if self.chunked:
            return self._peek_chunked(n)
        if self.length is None:
            return self.fp.peek(n)
        # What lies beyond belongs to another response.
        return self.fp.peek(n)[: self.length]

    def readinto(self, b: Any) -> int:
        """Fills `b`, less only at the body's end; says how many bytes there were."""
        if self.fp is None:
            return 0
        if self._method == "HEAD":
            self._close_conn()
            return 0
        if self.chunked:
            return self._readinto_chunked(b)
        if self.length is not None and len(b) > self.length:
            b = memoryview(b)[: self.length]
        count = self.fp.readinto(b)
        if not count and b:
            self._close_conn()
        elif self.length is not None:
            self.length -= count
            if not self.length:
                self._close_conn()
        return count

    def _safe_read(self, amt: int) -> bytes:
        """Exactly `amt` bytes, or `IncompleteRead`."""
        data = _native.read_up_to(self.fp, amt)
        if len(data) < amt:
            raise IncompleteRead(data, amt - len(data))
        return data

    def _safe_readinto(self, b: Any) -> int:
        """Fills `b`, or `IncompleteRead`."""
        wanted = len(b)
        count = self.fp.readinto(b)
        if count < wanted:
            raise IncompleteRead(bytes(b[:count]), wanted - count)
        return count

    # -- the body in chunks

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(face._MAXLINE + 1)
        if len(line) > face._MAXLINE:
            raise LineTooLong("chunk size")
        size = _native.chunk_size(line)
        if size is None:
            # What follows can't be told apart any more.
            self._close_conn()
            raise ValueError(f"invalid chunk size: {line!r}")
        return size

    def _read_and_discard_trailer(self) -> None:
        most = face._MAXHEADERS if self._max_headers is None else self._max_headers
        count = 0
        while read_line(self.fp, "trailer line") not in ENDS:
            count += 1
            if count > most:
                raise HTTPException(f"got more than {most} trailers")

    def _get_chunk_left(self) -> int | None:
        """How much of a chunk is left, the next one begun where there is none; None after the last."""
        left = self.chunk_left
        if left:
            return left
        if left is not None:
            self._safe_read(2)
        try:
            left = self._read_next_chunk_size()
        except ValueError:
            raise IncompleteRead(b"") from None
        if left == 0:
            self._end_chunks()
            left = None
        self.chunk_left = left
        return left

    def _end_chunks(self) -> None:
        """After the size line of the last chunk."""
        self._read_and_discard_trailer()
        self._close_conn()

    def _read_chunked(self, amt: int | None = None) -> bytes:
        assert self.chunked != _UNKNOWN
        kind = type(self)
        if kind._get_chunk_left is not _GET_CHUNK_LEFT or kind._safe_read is not _SAFE_READ:
            return self._read_chunked_by_steps(amt)
        data, left, fault = _native.read_chunks(self.fp, self.chunk_left, face._MAXLINE, amt)
        if fault is None:
            # As the size line leaves it, until the trailers are read.
            self._end_chunks()
            self.chunk_left = None
            return data
        if fault == "enough":
            self.chunk_left = left
            return data
        if fault == "line":
            raise LineTooLong("chunk size")
        if fault == "size":
            if data:
                self.chunk_left = 0
            self._close_conn()
            raise IncompleteRead(data) from IncompleteRead(b"")
        had, missing = fault
        if left:
            # The chunk is counted as not read at all, as its bytes are not in the answer.
            left = len(had) + missing
            if amt is not None:
                missing = min(left, amt - len(data)) - len(had)
        self.chunk_left = left
        raise IncompleteRead(data) from IncompleteRead(had, missing)

    def _read_chunked_by_steps(self, amt: int | None) -> bytes:
        """`_read_chunked` for subclasses with steps of their own."""
        pieces = []
        try:
            while (left := self._get_chunk_left()) is not None:
                if amt is not None and amt <= left:
                    pieces.append(self._safe_read(amt))
                    self.chunk_left = left - amt
                    break
                pieces.append(self._safe_read(left))
                self.chunk_left = 0
                if amt is not None:
                    amt -= left
        except IncompleteRead as fault:
            raise IncompleteRead(b"".join(pieces)) from fault
        return b"".join(pieces)

    def _readinto_chunked(self, b: Any) -> int:
        assert self.chunked != _UNKNOWN
        total = 0
        rest = memoryview(b)
        try:
            while (left := self._get_chunk_left()) is not None:
                if len(rest) <= left:
                    count = self._safe_readinto(rest)
                    self.chunk_left = left - count
                    return total + count
                count = self._safe_readinto(rest[:left])
                rest = rest[count:]
                total += count
                self.chunk_left = 0
            return total
        except IncompleteRead:
            raise IncompleteRead(bytes(b[:total])) from None

    def _read1_chunked(self, n: int) -> bytes:
        left = self._get_chunk_left()
        if left is None or n == 0:
            return b""
        if not 0 <= n <= left:
            n = left
        # A size that no buffer can have is as good as the most that one can.
        data = self.fp.read1(min(n, face._MIN_READ_BUF_SIZE))
        self.chunk_left = left - len(data)
        if not data:
            raise IncompleteRead(b"")
        return data

    def _peek_chunked(self, n: int) -> bytes:
        try:
            left = self._get_chunk_left()
        except IncompleteRead:
            return b""
        if left is None:
            return b""
        return self.fp.peek(min(left, face._MIN_READ_BUF_SIZE))[:left]

    # -- the head, as the caller sees it

    def getheader(self, name: str, default: Any = None) -> Any:
        """The value of a header, several joined by ", "; `default` if it isn't there."""
        if self.headers is None:
            raise face.ResponseNotReady()
        found: list[str] | Any = self.headers.get_all(name) or default
        if isinstance(found, str) or not hasattr(found, "__iter__"):
            return found
        return ", ".join(found)

    def getheaders(self) -> list[tuple[str, str]]:
        """All headers as (name, value) pairs, in the order they came in."""
        if self.headers is None:
            raise face.ResponseNotReady()
        return list(self.headers.items())

    def __iter__(self) -> Iterator[bytes]:  # type: ignore[override]
        return self

    def info(self) -> Any:
        """The headers. Deprecated: use `headers`."""
        return self.headers

    def geturl(self) -> str:
        """The URL that urllib found the response at. Deprecated: use `url`."""
        return self.url  # type: ignore[attr-defined]

    def getcode(self) -> int:
        """The status. Deprecated: use `status`."""
        return self.status


# The methods as they are here, to find out whether a subclass or a patch has put another in their place.
_READ_STATUS = HTTPResponse._read_status
_CHECK_CLOSE = HTTPResponse._check_close
_GET_CHUNK_LEFT = HTTPResponse._get_chunk_left
_SAFE_READ = HTTPResponse._safe_read
_CLOSE = HTTPResponse.close
