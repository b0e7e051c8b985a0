"""The costly steps, in Rust where the extension module is there, else in plain Python."""

from __future__ import annotations

from typing import Any

from straightwire._pure import chunk_size, take_buffered_head

try:
    from straightwire._engine import (
        Reader,
        field_line,
        join_head,
        open_reader,
        parse_head,
        read_chunks,
        read_up_to,
    )
except ImportError:
    from straightwire._pure import (  # type: ignore[assignment]
        field_line,
        join_head,
        open_reader,
        parse_head,
        read_chunks,
        read_up_to,
    )

    Reader = None  # type: ignore[assignment, misc]

__all__ = [
    "chunk_size",
    "field_line",
    "join_head",
    "open_reader",
    "parse_head",
    "read_chunks",
    "read_up_to",
    "take_head",
]


def take_head(fp: Any, limit: int) -> Any:
    """The response head that comes next, of at most `limit` fields; None, nothing taken, if it is odd."""
    kind = type(fp)
    return fp.read_head(limit) if kind is Reader else take_buffered_head(fp, limit, parse_head)
