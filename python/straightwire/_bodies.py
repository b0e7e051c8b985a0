"""What is sent after the head: its length, and the pieces in which it goes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import straightwire.client as face
from straightwire._response import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


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
