"""The body in chunks: methods of a response, in whatever way it is read."""

from __future__ import annotations

import straightwire.client as face
from straightwire import _lenient as lenient
from straightwire import _strict as strict
from straightwire._errors import HTTPException, IncompleteRead, LineTooLong
from straightwire._lines import ENDS, read_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def chunk_size(line: bytes) -> int | None:
    """The size that a chunk begins with, as `int` reads it; None if it doesn't or is negative."""
    try:
        size = int(line.partition(b";")[0], 16)
    except ValueError:
        return None
    return size if size >= 0 else None


def read_next_chunk_size(self: Any) -> int:
    line = self.fp.readline(face._MAXLINE + 1)
    if len(line) > face._MAXLINE:
        raise LineTooLong("chunk size")
    size = chunk_size(line)
    if size is None:
        self._give_up()
        raise ValueError(f"invalid literal for int() with base 16: {line.partition(b';')[0]!r}")
    return size


def read_and_discard_trailer(self: Any) -> None:
    most = face._MAXHEADERS if self._max_headers is None else self._max_headers
    lines = []
    while (line := read_line(self.fp, "trailer line")) not in ENDS:
        lines.append(line)
        if len(lines) > most:
            raise HTTPException(f"got more than {most} trailers")
    if line == b"" and self.strict_length:
        self._give_up()
        raise IncompleteRead(b"")
    if lines:
        self._trailer_lines = lines


def make_trailers(response: Any) -> None:
    """Gives a response whose trailers have come the message that they make."""
    if response._trailer_lines is not None:
        parse = lenient.parse_header_lines if response.lenient_headers else face._parse_header_lines
        response.trailers = parse([*response._trailer_lines, b"\r\n"])


def get_chunk_left(self: Any) -> int | None:
    """How much of a chunk is left, the next one begun where there is none; None after the last."""
    left = self.chunk_left
    if left:
        return left
    if left is not None:
        try:
            self._safe_read(2)
        except IncompleteRead:
            if self.strict_length:
                # What came of a chunk's end is no body.
                raise IncompleteRead(b"")  # noqa: B904
            raise
    try:
        left = self._read_next_chunk_size()
    except ValueError:
        raise IncompleteRead(b"")  # noqa: B904
    if left == 0:
        self._end_chunks()
        left = None
    self.chunk_left = left
    return left


def end_chunks(self: Any) -> None:
    """After the size line of the last chunk."""
    self._read_and_discard_trailer()
    self._close_conn()


def read_chunked(self: Any, amt: int | None) -> bytes:
    """All chunks, or `amt` bytes of them, by the steps that the response has."""
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
        if self.strict_length:
            raise strict.cut_in_chunk(self, b"".join(pieces), fault) from fault
        raise IncompleteRead(b"".join(pieces)) from fault
    return b"".join(pieces)


def readinto_chunked(self: Any, b: Any) -> int:
    assert self.chunked != "UNKNOWN"
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
    except IncompleteRead as fault:
        if self.strict_length:
            raise strict.cut_in_chunk(self, bytes(b[:total]), fault) from fault
        raise IncompleteRead(bytes(b[:total]))  # noqa: B904


def read1_chunked(self: Any, n: int) -> bytes:
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


def peek_chunked(self: Any, n: int) -> bytes:
    try:
        left = self._get_chunk_left()
    except IncompleteRead:
        if self.strict_length:
            raise
        return b""
    if left is None:
        return b""
    ahead: bytes = self.fp.peek(min(left, face._MIN_READ_BUF_SIZE))[:left]
    if not ahead and self.strict_length:
        raise IncompleteRead(b"", left)
    return ahead
