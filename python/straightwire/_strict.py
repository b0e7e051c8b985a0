"""Bodies that end before their length: `strict_length`."""

from __future__ import annotations

from straightwire._errors import IncompleteRead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def cut_short(response: Any, data: bytes) -> IncompleteRead:
    """What to raise where `data` is the last that came; the connection is of no use any more."""
    missing = response.length - len(data)
    response._give_up()
    return IncompleteRead(data, missing)


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
