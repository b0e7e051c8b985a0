"""Bodies that end before their length: `strict_length`."""

from __future__ import annotations

from straightwire import _sockets as sockets
from straightwire._errors import IncompleteRead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check_end(response: Any, data: bytes) -> None:
    """Raises if the body isn't whole where `data` is the last that came; the connection is of no use then.

    In TLS, whoever can cut a connection can't say that the server has ended it (RFC 9112 9.8).
    """
    missing = None
    if response.length is not None:
        missing = response.length - len(data)
        is_whole = not missing
    else:
        is_whole = sockets.has_ended(response.fp.raw._sock) if hasattr(response.fp, "has_head") else True
    if not is_whole:
        response._give_up()
        raise IncompleteRead(data, missing)


def cut_in_chunk(response: Any, data: bytes, fault: IncompleteRead) -> IncompleteRead:
    """What to raise where `fault` came up after the chunks in `data`."""
    if response.fp is not None:
        response._give_up()
    return IncompleteRead(data + fault.partial, fault.expected)


def readline_chunked(response: Any, limit: int) -> bytes:
    """A line out of chunks; io's own way forgets what it had of the line when the rest doesn't come."""
    pieces: list[bytes] = []
    try:
        while limit != 0 and (ahead := response.peek(1)):
            end = ahead.find(b"\n") + 1 or len(ahead)
            piece = response.read(end if limit < 0 else min(end, limit))
            pieces.append(piece)
            if piece.endswith(b"\n"):
                break
            limit -= len(piece) if limit > 0 else 0
    except IncompleteRead as fault:
        raise IncompleteRead(b"".join(pieces) + fault.partial, fault.expected) from fault
    return b"".join(pieces)
