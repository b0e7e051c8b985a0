"""A response: its head, and its body read in whatever way the caller likes."""

from __future__ import annotations

import io
from builtins import print as builtin_print
from collections.abc import Iterator, Sequence
from sys import maxsize

import straightwire.client as face
from straightwire import _chunks
from straightwire._engine import (
    Guard,
    open_reader,
    read_chunks,
    read_rest,
    read_up_to,
    readinto_chunks,
    take_head,
)
from straightwire._errors import (
    BadStatusLine,
    HTTPException,
    IncompleteRead,
    LineTooLong,
    RemoteDisconnected,
    UnknownProtocol,
)
from straightwire._late import Late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_UNKNOWN = "UNKNOWN"

# Statuses that have no body, whatever their headers promise; 1xx besides (RFC 9112 6.3 rule 1).
_BODILESS = frozenset((204, 304))


def say(*words: object) -> None:
    """Prints for `debuglevel`, through `http.client.print` if somebody has set that."""
    getattr(face, "print", builtin_print)(*words)


def make_message(response: Any) -> None:
    """Gives a response the message that stands for its head, as `headers` and `msg`."""
    if response._head is None:
        return
    message = face.HTTPMessage.__new__(face.HTTPMessage)
    message._head = response._head
    # Either may have been set to something else before.
    response.__dict__.setdefault("headers", message)
    response.__dict__.setdefault("msg", message)


class HTTPResponse(io.BufferedIOBase):
    """What the server answered; reading it reads the body."""

    __module__ = "http.client"

    # Defaults stand here, so that making a response stores only what is its own.
    fp: Any = None
    debuglevel = 0
    _method: str | None = None
    headers: Any = Late(make_message)
    msg: Any = Late(make_message)
    version: Any = _UNKNOWN
    status: Any = _UNKNOWN
    code: Any
    reason: Any = _UNKNOWN
    chunked: Any = _UNKNOWN
    chunk_left: Any = _UNKNOWN
    length: Any = _UNKNOWN
    will_close: Any = _UNKNOWN
    # The head as it was read, if it was well formed: what the headers are made from when they are asked for.
    _head: Any = None
    # How many trailers are skipped before they are too many.
    _max_headers: int | None = None
    # Whether `close` left a part of the body unread, so that it stands in the way of the next response.
    _abandoned = False

    def __init__(
        self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        self.fp = open_reader(sock)
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

    def begin(self, *, _max_headers: int | None = None) -> None:
        """Reads the head, interim responses skipped, and finds out how long the body is."""
        if self.headers is not None:
            return
        if _max_headers is not None:
            self._max_headers = _max_headers
        if PARSING.passes(self):
            try:
                head = take_head(self.fp, face._MAXHEADERS if _max_headers is None else _max_headers)
            except TimeoutError:
                # The lines that came are read all the same: a status line may be among them.
                try:
                    self._begin_by_lines(_max_headers)
                except OSError:
                    pass
                raise
            if head is not None:
                head.begin(self, self._method)
                return
        self._begin_by_lines(_max_headers)

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
        connection = get("connection")
        if self.version == 11:
            return connection is not None and "close" in connection.lower()
        if get("keep-alive") or (connection and "keep-alive" in connection.lower()):
            return False
        proxy = get("proxy-connection")
        return not (proxy and "keep-alive" in proxy.lower())

    # -- the end

    def _close_conn(self) -> None:
        fp, self.fp = self.fp, None
        fp.close()

    def _give_up(self) -> None:
        """Lets go of a body whose end can't be found any more, and so of the connection."""
        self._abandoned = True
        self._close_conn()

    def close(self) -> None:
        """Lets go of the connection, without reading what is left."""
        try:
            io.BufferedIOBase.close(self)
        finally:
            if self.fp is not None:
                self._abandoned = self._method != "HEAD" and self._is_unread()
                self._close_conn()

    def _is_unread(self) -> bool:
        """Whether some of the body is still to come, or may be."""
        if self.chunked is not True:
            return self.length not in (0, None)
        # Others read the chunks off the file by themselves; ours knows whether they came to the end.
        return not getattr(self.fp, "chunks_ended", self.chunk_left is None)

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
        if amt is None:
            read = read_rest(STEPS, self)
            if read is not None:
                # The commonest way by far: all of a body whose length is known.
                data, missing = read
                if missing:
                    self._close_conn()
                    raise IncompleteRead(data, missing)
                return data
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
            return self._took(read_up_to(self.fp, amt), amt)
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

    def readline(self, limit: Any = -1) -> bytes:
        """One line of the body."""
        if self.fp is None or self._method == "HEAD":
            return b""
        if self.chunked:
            # io's own way, by `peek` and `read`, minds the chunks' ends.
            return io.BufferedIOBase.readline(self, limit)
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
        data = read_up_to(self.fp, amt if amt < maxsize else maxsize)  # noqa: FURB136  (`min` is slower)
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

    def _read_chunked(self, amt: int | None = None) -> bytes:
        assert self.chunked != _UNKNOWN
        if not STEPS.passes(self) or (self.chunk_left or 0) < 0:
            return _chunks.read_chunked(self, amt)
        data, left, fault = read_chunks(self.fp, self.chunk_left, face._MAXLINE, amt)
        if inner := self.__stopped(left, fault, len(data), amt):
            raise IncompleteRead(data) from inner
        return data

    def _readinto_chunked(self, b: Any) -> int:
        assert self.chunked != _UNKNOWN
        view = memoryview(b)
        if not STEPS.passes(self) or (self.chunk_left or 0) < 0 or view.readonly or view.format != "B":
            return _chunks.readinto_chunked(self, b)
        count, left, fault = readinto_chunks(self.fp, self.chunk_left, face._MAXLINE, view)
        try:
            if inner := self.__stopped(left, fault, count, len(view)):
                raise inner
        except IncompleteRead:
            raise IncompleteRead(bytes(view[:count]))  # noqa: B904
        return count

    def __stopped(self, left: int | None, fault: Any, count: int, amt: int | None) -> IncompleteRead | None:
        """What stopped the reading of chunks after `count` bytes, if that is a fault; puts `chunk_left` in place."""
        if fault is None:
            # As the last size line leaves it, until the trailers are read.
            if count:
                self.chunk_left = 0
            self._end_chunks()
            self.chunk_left = None
            return None
        if fault == "enough":
            self.chunk_left = left
            return None
        if fault == "line":
            raise LineTooLong("chunk size")
        if fault == "size":
            if count:
                self.chunk_left = 0
            self._give_up()
            return IncompleteRead(b"")
        if isinstance(fault, BaseException):
            self.chunk_left = left
            raise fault
        had, missing = fault
        if left:
            # The chunk is counted as not read at all, as its bytes are not in the answer.
            left = len(had) + missing
            if amt is not None:
                missing = min(left, amt - count) - len(had)
        self.chunk_left = left
        return IncompleteRead(had, missing)

    _read_next_chunk_size = _chunks.read_next_chunk_size
    _read_and_discard_trailer = _chunks.read_and_discard_trailer
    _get_chunk_left = _chunks.get_chunk_left
    _end_chunks = _chunks.end_chunks
    _read1_chunked = _chunks.read1_chunked
    _peek_chunked = _chunks.peek_chunked

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

    def __iter__(self) -> Iterator[bytes]:
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


_CLOSE = HTTPResponse.close

# What the short cuts through `begin`, `read` and `_read_chunked` leave out, and the number of attributes that a
# response has after them.
STEPS = Guard(
    {
        "debuglevel": HTTPResponse.debuglevel,
        "_read_status": HTTPResponse._read_status,
        "_check_close": HTTPResponse._check_close,
        "_close_conn": HTTPResponse._close_conn,
        "_safe_read": HTTPResponse._safe_read,
        "_safe_readinto": HTTPResponse._safe_readinto,
        "_get_chunk_left": HTTPResponse._get_chunk_left,
        "_read_next_chunk_size": HTTPResponse._read_next_chunk_size,
    },
    10,
)

# The same for making a response and reading its head at once.
OPENING = Guard(
    {
        "__new__": HTTPResponse.__new__,
        "__init__": HTTPResponse.__init__,
        "begin": HTTPResponse.begin,
        "close": HTTPResponse.close,
        **STEPS.steps,
    },
    None,
    face,
    ("parse_headers",),
)

# The same for reading the head of a response that others have made.
PARSING = Guard(STEPS.steps, 10, face, ("parse_headers",))
