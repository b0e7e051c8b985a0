"""A response: its head, and its body read in whatever way the caller likes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from sys import maxsize

import straightwire.client as face
from straightwire import _chunks, _decoding
from straightwire import _heads as heads
from straightwire import _interim as interims
from straightwire import _strict as strict
from straightwire._engine import (
    Guard,
    open_reader,
    read_chunks,
    read_into,
    read_rest,
    read_up_to,
    readinto_chunks,
    take_head,
)
from straightwire._errors import IncompleteRead, LineTooLong
from straightwire._late import Late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from straightwire._message import HTTPMessage
    from straightwire._timings import Timings

_UNKNOWN = "UNKNOWN"


def make_message(response: Any) -> None:
    """Gives a response the message that stands for its head, as `headers` and `msg`."""
    if response._head is None:
        return
    message = heads.message(response._head)
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
    # What a file has to have for type checkers, before it may be wrapped in another.
    name: Any
    # The types are those of when the head has been read.
    headers: HTTPMessage = Late(make_message)  # type: ignore[assignment]
    msg: HTTPMessage = Late(make_message)  # type: ignore[assignment]
    version: int = _UNKNOWN  # type: ignore[assignment]
    status: int = _UNKNOWN  # type: ignore[assignment]
    code: int
    reason: str = _UNKNOWN
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

    # What the extras of a connection ask of its responses, and what they leave on them.
    skip_interim = False
    on_interim: Any = None
    interim: Sequence[interims.Interim] = ()
    strict_length = False
    lenient_headers = False
    timings: Timings | None = None
    trailers: HTTPMessage | None = Late(_chunks.make_trailers)  # type: ignore[assignment]
    _trailer_lines: Any = None
    # Whether the socket is the caller's.
    _handed_over = False

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

    def begin(self, *, _max_headers: int | None = None) -> None:
        """Reads the head, interim responses skipped, and finds out how long the body is."""
        if self.headers is not None:
            return
        if _max_headers is not None:
            self._max_headers = _max_headers
        while PARSING.passes(self):
            try:
                head = take_head(self.fp, face._MAXHEADERS if _max_headers is None else _max_headers)
            except TimeoutError:
                # The lines that came are read all the same: a status line may be among them.
                try:
                    self._begin_by_lines(_max_headers)
                except OSError:
                    pass
                raise
            if head is None:
                break
            if head.status >= 200 or not interims.is_skipped(self, head.status):
                # Whatever was put in their place before the head was read gives way to it.
                for name in ("headers", "msg"):
                    self.__dict__.pop(name, None)
                head.begin(self, self._method)
                return
            interims.note(self, head.status, head.reason, heads.message(head))
        self._begin_by_lines(_max_headers)

    _read_status = heads.read_status
    _begin_by_lines = heads.begin_by_lines
    _frame = heads.frame
    _check_close = heads.check_close
    upgrade = interims.upgrade

    # -- the end

    def _close_conn(self) -> None:
        fp, self.fp = self.fp, None
        if self.timings is not None:
            self.timings.has_ended()
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
            read = read_rest(WHOLE, self)
            if read is not None:
                # The commonest way by far: all of a body whose length is known.
                data, missing = read
                if missing:
                    self._abandoned = self.strict_length
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
            return self._took(read_up_to(self.fp, amt), amt, is_all=True)
        if self.length is None:
            data = self.fp.read()
            if self.strict_length:
                strict.check_end(self, data)
        else:
            try:
                data = self._safe_read(self.length)
            except IncompleteRead:
                self._abandoned = self.strict_length
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
            if self.strict_length:
                return strict.readline_chunked(self, -1 if limit is None else limit)
            # io's own way, by `peek` and `read`, minds the chunks' ends.
            return io.BufferedIOBase.readline(self, limit)
        if self.length is not None and not 0 <= limit <= self.length:
            limit = self.length
        data = self.fp.readline(limit)
        return self._took(data, limit, is_all=not data.endswith(b"\n"))

    def _took(self, data: bytes, asked: int, is_all: bool = False) -> bytes:
        """Counts `data`, read in answer to a wish for `asked` bytes, and closes at the body's end.

        `is_all` if there is less than that only at the end of the stream.
        """
        if self.strict_length and asked and (is_all or not data) and (asked < 0 or len(data) < asked):
            strict.check_end(self, data)
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
        # What lies beyond belongs to another response.
        ahead = self.fp.peek(n)[: self.length]
        if not ahead and self.strict_length:
            strict.check_end(self, b"")
        return ahead

    def readinto(self, b: Any) -> int:
        """Fills `b`, less only at the body's end; says how many bytes there were."""
        read = read_into(WHOLE, self, b)
        if read is not None:
            # As with `read`: a body whose length is known.
            count, missing = read
            if missing:
                if self.strict_length:
                    strict.check_end(self, bytes(b[:count]))
                if count:
                    self.length -= count
                else:
                    self._close_conn()
            return count
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
        if self.strict_length and count < len(b):
            strict.check_end(self, bytes(b[:count]))
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
            if self.strict_length:
                raise strict.cut_in_chunk(self, data, inner) from inner
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
        except IncompleteRead as inner:
            if self.strict_length:
                raise strict.cut_in_chunk(self, bytes(view[:count]), inner) from inner
            raise IncompleteRead(bytes(view[:count]))  # noqa: B904
        return count

    def __stopped(self, left: int | None, fault: Any, count: int, amt: int | None) -> IncompleteRead | None:
        """What stopped the reading of chunks after `count` bytes, if that is a fault; puts `chunk_left` in place."""
        if fault is None:
            # As the last size line leaves it, until the trailers are read.
            if count:
                self.chunk_left = 0
            try:
                self._end_chunks()
            except IncompleteRead as cut:
                return cut
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
        if not left and self.strict_length:
            # What came of a chunk's end is no body.
            had = b""
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

    decoded = _decoding.decoded

    def __iter__(self) -> Iterator[bytes]:
        return self

    def info(self) -> HTTPMessage:
        """The headers. Deprecated: use `headers`."""
        return self.headers

    def geturl(self) -> str:
        """The URL that urllib found the response at. Deprecated: use `url`."""
        return self.url  # type: ignore[attr-defined]

    def getcode(self) -> int:
        """The status. Deprecated: use `status`."""
        return self.status


_CLOSE = HTTPResponse.close

# What the short cuts through `begin` and `_read_chunked` leave out, and the number of attributes that a
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

# The same for all of a body at once, which leaves out that `_close_conn` takes the time.
WHOLE = Guard({**STEPS.steps, "timings": None}, 10)

# The same for making a response and reading its head at once.
OPENING = Guard(
    {
        "__new__": HTTPResponse.__new__,
        "__init__": HTTPResponse.__init__,
        "begin": HTTPResponse.begin,
        "close": HTTPResponse.close,
        "skip_interim": False,
        "on_interim": None,
        **STEPS.steps,
    },
    None,
    face,
    ("parse_headers",),
)

# The same for reading the head of a response that others have made.
PARSING = Guard(STEPS.steps, 10, face, ("parse_headers",))
