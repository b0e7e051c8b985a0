"""Header lines read, and made into an `HTTPMessage`."""

from __future__ import annotations

from email._policybase import compat32
from email.message import Message
from typing import Any, BinaryIO

import straightwire.client as face
from straightwire._errors import HTTPException, LineTooLong


class HTTPMessage(Message):
    """The fields of a head, as an `email.message.Message` without a body."""

    __module__ = "http.client"

    # What a message holds that was filled from a head, so that filling one stores two attributes and not nine.
    policy = compat32
    _unixfrom = None
    _payload: Any = ""
    _charset = None
    preamble = None
    epilogue = None
    _default_type = "text/plain"

    def getallmatchingheaders(self, name: str) -> list[str]:
        """Always an empty list, as it has been since Python 3.0: use `get_all`."""
        return []


def filled(fields: list[tuple[str, str]]) -> HTTPMessage:
    """A message with these fields, as the email parser leaves it when it has nothing to complain about."""
    message = HTTPMessage.__new__(HTTPMessage)
    message._headers = fields
    message.defects = []
    return message


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


def parse_header_lines(header_lines: list[bytes], _class: type[Message] = HTTPMessage) -> Any:
    """Header lines as a message, by the email parser."""
    from email.parser import Parser

    return Parser(_class=_class).parsestr(b"".join(header_lines).decode("iso-8859-1"))


def parse_headers(fp: BinaryIO, _class: type[Message] = HTTPMessage) -> Any:
    """Reads the header lines of a message from a file and returns them as a `_class`."""
    return parse_header_lines(read_headers(fp), _class)
