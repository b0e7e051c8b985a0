"""The costly steps in plain Python: what `_native` takes from the Rust module where that is built.

Each function answers for well-formed input only and says None otherwise, having consumed nothing:
the caller then goes the slow way, whose outcome is that of `http.client` to the letter.
"""

from __future__ import annotations

import io
import re
from typing import Any

# How much is read at a time where a peer has only promised that there will be as much.
BLOCK = 1 << 20

# One field as it should be: a name without blanks, a value without line ends.
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*([^\r\n]*)\r\n")
_FIELDS = re.compile(r"(?:[!-9;-~]+:[^\r\n]*\r\n)*\r\n")
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([^\r\n]*))?\r\n")

_NAME = re.compile(r"[!-9;-~]+").fullmatch
_BAD_VALUE = re.compile(r"[\r\n]|[^\x00-\xff]").search
_METHOD = re.compile(r"[!-~]+").fullmatch
_TARGET = re.compile(r"/[!-~]*").fullmatch

Fields = list[tuple[str, str]]
Summary = tuple[int, int, str, bool, int | None, bool]
Fault = str | tuple[bytes, int] | None


class Head:
    """A response's head."""

    __slots__ = ("fields", "reason", "status", "version")

    def __init__(self, version: int, status: int, reason: str, fields: Fields) -> None:
        self.version = version
        self.status = status
        self.reason = reason
        self.fields = fields

    def items(self) -> Fields:
        """The fields in order."""
        return self.fields

    def summary(self, method: str | None) -> Summary | None:
        """(version, status, reason, chunked, length, will_close); None if only `int` can judge the length."""
        coding = length = connection = keep_alive = proxy = None
        for name, value in self.fields:
            if name[0] not in "CTKPctkp":
                continue
            name = name.lower()
            if name == "content-length":
                length = value if length is None else length
            elif name == "transfer-encoding":
                coding = value if coding is None else coding
            elif name == "connection":
                connection = value if connection is None else connection
            elif name == "keep-alive":
                keep_alive = value if keep_alive is None else keep_alive
            elif name == "proxy-connection":
                proxy = value if proxy is None else proxy
        chunked = coding is not None and coding.lower() == "chunked"
        size = None
        if length is not None and not chunked:
            if len(length) > 18 or not (length.isascii() and length.isdigit()):
                return None
            size = int(length)
        status = self.status
        if status < 200 or status == 204 or status == 304 or method == "HEAD":
            size = 0
        will_close = closes(self.version, connection, keep_alive, proxy) or (not chunked and size is None)
        return self.version, status, self.reason, chunked, size, will_close


def closes(version: int, connection: str | None, keep_alive: str | None, proxy: str | None) -> bool:
    """Whether the connection ends with the response, from the first header of each name."""
    if version == 11:
        return connection is not None and "close" in connection.lower()
    if keep_alive or (connection is not None and "keep-alive" in connection.lower()):
        return False
    return proxy is None or "keep-alive" not in proxy.lower()


def parse_head(data: bytes, max_headers: int = 100, start: int = 0) -> tuple[Head, int] | None:
    """The response head at `start` in `data`, its empty line included, with where it ends."""
    end = data.find(b"\r\n\r\n", start) + 4
    if not 3 < end - start < 65536:
        return None
    text = data[start:end].decode("latin-1")
    status = _STATUS.match(text)
    if status is None or _FIELDS.fullmatch(text, status.end()) is None:
        return None
    lower = text.lower()
    if "multipart/" in lower or "message/" in lower:
        return None  # the email parser looks at these bodies, even at empty ones
    fields = _FIELD.findall(text, status.end())
    if len(fields) > max_headers:
        return None
    minor, code, reason = status.groups("")
    return Head(11 if minor == "1" else 10, int(code), reason.strip(), fields), end


def take_buffered_head(fp: Any, limit: int, parse: Any) -> Any:
    """Reads a response's head by `parse` if it lies in the buffer of one of io's readers whole and well formed."""
    if type(fp) is not io.BufferedReader:
        return None
    found = parse(fp.peek(), limit)
    # 100 is followed by another head: the loop for those is the slow way's.
    if found is None or found[0].status == 100:
        return None
    fp.read(found[1])
    return found[0]


def field_line(name: Any, values: tuple[Any, ...]) -> bytes | None:
    """One header line without its end, of a plain name and one plain value."""
    if type(name) is not str or len(values) != 1 or _NAME(name) is None:
        return None
    value = values[0]
    if type(value) is not str:
        return None
    if _BAD_VALUE(value) is not None:
        return None
    return f"{name}: {value}".encode("latin-1")


def join_head(
    method: Any, target: Any, host: bytes | None, length: int | None, headers: dict[Any, Any]
) -> bytes | None:
    """The whole head of an HTTP/1.1 request: request line, Host, Accept-Encoding, Content-Length, headers.

    Each of the three is left out where `headers` has its own; Content-Length also where `length` is None.
    Says None where the target is not an absolute path, the body's framing is the caller's or anything is odd.
    """
    if type(method) is not str or type(target) is not str or type(headers) is not dict:
        return None
    if _METHOD(method) is None or _TARGET(target) is None:
        return None
    lines = [""]
    names = set()
    for name, value in headers.items():
        kind = type(value)
        if type(name) is not str or _NAME(name) is None:
            return None
        if kind is str:
            if _BAD_VALUE(value) is not None:
                return None
        elif kind is not int:
            return None
        names.add(name.lower())
        lines.append(f"{name}: {value}")
    if "transfer-encoding" in names:
        return None
    start = f"{method} {target} HTTP/1.1\r\n"
    if "host" not in names:
        if host is None:
            return None
        start += f"Host: {host.decode('latin-1')}\r\n"
    if "accept-encoding" not in names:
        start += "Accept-Encoding: identity\r\n"
    if length is not None and "content-length" not in names:
        start += f"Content-Length: {length}\r\n"
    lines[0] = start[:-2]
    lines.append("\r\n")
    return "\r\n".join(lines).encode("latin-1")


def open_reader(sock: Any) -> Any:
    """The file object through which a response is read."""
    return sock.makefile("rb")


def read_chunks(
    fp: Any, left: int | None, max_line: int, amount: int | None = None
) -> tuple[bytes, int | None, Fault]:
    """The data of all chunks up to the last one, whose size line is read and whose trailers are not, or `amount`
    bytes of it.

    `left` is what remains of the chunk under way (0: its line end; None: no chunk yet). The answer is the data
    of whole chunks, the new `left`, and what stopped it: None for the last chunk, "enough" for `amount`, "size"
    for an unreadable size, "line" for a size line that is too long, or for a chunk cut short the bytes it had
    and how many were missing.
    """
    whole = io.BytesIO()
    while True:
        if not left:
            if left == 0:
                ending = fp.read(2)
                if len(ending) < 2:
                    return whole.getvalue(), 0, (ending, 2 - len(ending))
            line = fp.readline(max_line + 1)
            if len(line) > max_line:
                return whole.getvalue(), None, "line"
            left = chunk_size(line)
            if left is None:
                return whole.getvalue(), None, "size"
            if left == 0:
                return whole.getvalue(), 0, None
        wanted = left if amount is None else min(left, amount)
        data = read_up_to(fp, wanted)
        if len(data) < wanted:
            return whole.getvalue(), left - len(data), (data, left - len(data))
        whole.write(data)
        left -= wanted
        if amount is not None:
            amount -= wanted
            if not amount:
                return whole.getvalue(), left, "enough"


def chunk_size(line: bytes) -> int | None:
    """The size that a chunk begins with, as `int` reads it; None if it doesn't or is negative."""
    end = line.find(b";")
    try:
        size = int(line if end < 0 else line[:end], 16)
    except ValueError:
        return None
    return size if size >= 0 else None


def read_up_to(fp: Any, amount: int) -> bytes:
    """`amount` bytes, or all there are. Memory grows with what arrives, not with what was promised."""
    if amount <= BLOCK:
        return fp.read(amount)
    whole = io.BytesIO()
    while amount:
        data = fp.read(min(amount, BLOCK))
        if not data:
            break
        whole.write(data)
        amount -= len(data)
    return whole.getvalue()
