"""What clients have in common: every answer is checked, so that none wins by leaving work out."""

from __future__ import annotations

from collections.abc import Iterator

# Bytes in the body of a small answer.
SMALL = 1024

# How much of a large body is asked for at a time.
PIECE = 64 * 1024

# The pieces of an uploaded iterator.
UPLOAD_PIECE = bytes(8 * 1024)


class Wrong(Exception):
    """An answer that isn't what the server sends."""


def check(status: int, length: int, expected: int = SMALL) -> None:
    if status != 200 or length != expected:
        raise Wrong(f"status {status}, {length} bytes where {expected} should be")


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // len(UPLOAD_PIECE)):
        yield UPLOAD_PIECE
