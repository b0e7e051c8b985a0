"""Header lines, read and parsed by the email package where they are odd."""

from __future__ import annotations

import straightwire.client as face
from straightwire._errors import HTTPException, LineTooLong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from email.message import Message
    from typing import Any, BinaryIO


def read_headers(fp: BinaryIO, max_headers: int | None = None) -> list[bytes]:
    """Header lines up to the empty line, which comes last, or up to the end of the stream."""
    most = face._MAXHEADERS if max_headers is None else max_headers
    lines: list[bytes] = []
    while True:
        line = read_line(fp, "header line")
        lines.append(line)
        if line in ENDS:
            return lines
        if len(lines) > most:
            raise HTTPException(f"got more than {most} headers")


def read_line(fp: BinaryIO, what: str) -> bytes:
    """One line, its end included, of a length that is allowed."""
    line = fp.readline(face._MAXLINE + 1)
    if len(line) > face._MAXLINE:
        raise LineTooLong(what)
    return line


# The lines that end a head or the trailers; the last is the end of the stream.
ENDS = frozenset((b"\r\n", b"\n", b""))


# The default of both, HTTPMessage, is given to them when there is one: it needs the email package, which most
# programs can do without.
def parse_header_lines(header_lines: list[bytes], _class: type[Message] | None = None) -> Any:
    """Header lines as a message, by the email parser."""
    from email.parser import Parser

    return Parser(_class=_class or face.HTTPMessage).parsestr(b"".join(header_lines).decode("iso-8859-1"))


def parse_headers(fp: BinaryIO, _class: type[Message] | None = None) -> Any:
    """Reads the header lines of a message from a file and returns them as a `_class`."""
    return parse_header_lines(read_headers(fp), _class)
