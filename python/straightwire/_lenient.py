"""Heads with lines that are no headers: `lenient_headers`."""

from __future__ import annotations

import re

import straightwire.client as face

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A name, a colon and a value without a line end of its own in the middle (RFC 9112 5, 2.2).
_FIELD = re.compile(rb"[!-9;-~]+:[^\r\n\0]*\r?\n?").fullmatch
_CONTINUATION = re.compile(rb"[ \t][^\r\n\0]*\r?\n?").fullmatch

# What tells where the body ends, or that the connection does.
_FRAMING = re.compile("transfer-encoding|content-length|connection", re.IGNORECASE).search


def parse_header_lines(lines: list[bytes]) -> Any:
    """The message that the good lines make, with a defect for each of the others.

    The email parser takes all that follows a bad line for a body.
    """
    from email import errors

    good: list[bytes] = []
    defects = []
    last_was_good = False
    for line in lines:
        if line in (b"\r\n", b"\n", b""):
            break
        if _FIELD(line):
            last_was_good = True
        elif not (last_was_good and _CONTINUATION(line)):
            kind: type[errors.MessageDefect] = errors.MissingHeaderBodySeparatorDefect
            if line[:1] in (b" ", b"\t"):
                kind = errors.FirstHeaderLineIsContinuationDefect
            defects.append(kind(line.decode("iso-8859-1")))
            last_was_good = False
            continue
        good.append(line)
    message = face._parse_header_lines([*good, b"\r\n"])
    message.defects.extend(defects)
    return message


def may_have_framed(message: Any) -> bool:
    """Whether a line was left out that others may read: to them what follows may be another message."""
    return any(_FRAMING(defect.line or "") for defect in message.defects)
