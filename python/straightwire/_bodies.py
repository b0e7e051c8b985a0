"""What is sent after the head: its length, and the pieces in which it goes."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from functools import partial

import straightwire.client as face
from straightwire._debug import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# The same words as the interpreter's own, for those who read them.
SENDING, READING = (
    ("sendIng a read()able",) * 2
    if sys.version_info < (3, 11)
    else ("sending a readable", "reading a readable")
)

LAST_CHUNK = b"0\r\n\r\n"


def is_text(stream: object) -> bool:
    """Whether a file gives text rather than bytes."""
    return isinstance(stream, io.TextIOBase)


def content_length(body: Any, method: str) -> int | None:
    """The length of a body where it is known beforehand, else None."""
    if body is None:
        return 0 if method.upper() in face._METHODS_EXPECTING_BODY else None
    if hasattr(body, "read"):
        return None
    try:
        return memoryview(body).nbytes
    except TypeError:
        return len(body) if isinstance(body, str) else None


def blocks(connection: Any, readable: Any) -> Iterator[bytes]:
    encode = connection._is_textIO(readable)
    if encode and connection.debuglevel > 0:
        say("encoding file using iso-8859-1")
    while block := readable.read(connection.blocksize):
        yield block.encode("iso-8859-1") if encode else block


def send_body(connection: Any, body: Any, chunked: bool, block: int | None) -> None:
    """Sends a body piece by piece, in chunks if they are wanted; a file by `block` if any way will do."""
    parts = pieces(connection, body) if block is None else iter(partial(body.read, block), b"")
    for part in parts:
        if not part:
            if connection.debuglevel > 0:
                say("Zero length chunk ignored")
            continue
        connection.send(chunk(part) if chunked else part)
        if connection._exchange is not None and connection._exchange.is_stopped:
            return


def chunk(data: Any) -> bytes:
    """What goes out for a piece of a body."""
    if type(data) is bytes:
        return b"%X\r\n%b\r\n" % (len(data), data)
    framed: bytes = f"{size(data):X}\r\n".encode("ascii") + data + b"\r\n"
    return framed


def send_any(connection: Any, data: Any) -> None:
    """`send` for anything but plain bytes: a file, a buffer, or an iterable of them."""
    if hasattr(data, "read"):
        if connection.debuglevel > 0:
            say(SENDING)
        for block in blocks(connection, data):
            sys.audit("http.client.send", connection, block)
            connection.sock.sendall(block)
        return
    sys.audit("http.client.send", connection, data)
    try:
        connection.sock.sendall(data)
    except TypeError:
        for piece in members(data):
            connection.sock.sendall(piece)


def members(data: Any) -> Iterable[Any]:
    """What an iterable has, where a buffer would have done as well."""
    if not isinstance(data, Iterable):
        raise TypeError(f"data should be a bytes-like object or an iterable, got {type(data)!r}")
    return data


def pieces(connection: Any, body: Any) -> Iterable[Any]:
    if hasattr(body, "read"):
        return connection._read_readable(body)
    try:
        memoryview(body)
    except TypeError:
        try:
            return iter(body)
        except TypeError:
            raise TypeError(  # noqa: B904
                f"message_body should be a bytes-like object or an iterable, got {type(body)!r}"
            )
    return (body,)


def size(chunk: Any) -> int:
    """The size of a chunk in bytes, which is not the length of every buffer."""
    if type(chunk) is not bytes:
        try:
            return memoryview(chunk).nbytes
        except TypeError:  # no buffer; what it lacks shows below
            pass
    return len(chunk)
