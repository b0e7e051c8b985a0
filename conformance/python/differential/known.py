"""The differences that are wanted, by their rows in docs/differences.md, told by as little as tells them from all else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .case import Case
from .play import Entry

Row = Callable[[Case, Entry, Entry], bool]

# Predicates, each with the name of the row in docs/differences.md that it belongs to.
ROWS: list[tuple[str, Row]] = []


def row_of(case: Case, ours: Entry, theirs: Entry) -> str | None:
    """The name of the row that a difference belongs to, if there is one; it may have the sizes of arrays besides."""
    found = next((name for name, holds in ROWS if holds(case, ours, theirs)), None)
    if found is None and _sends_arrays(ours):
        ours, theirs = (entry._replace(sent=_sizeless(entry.sent)) for entry in (ours, theirs))
        found = next((name for name, holds in ROWS if holds(case, ours, theirs)), None)
    return found


def _sends_arrays(entry: Entry) -> bool:
    return isinstance(entry.call, tuple) and any(arg in ("array", "arrays", "strided") for arg in entry.call)


def _sizeless(sent: bytes) -> bytes:
    """Without the sizes of chunks."""
    return re.sub(rb"(?<=\n)[0-9A-F]+(?=\r\n)", b"", sent)


def row(name: str) -> Callable[[Row], Row]:
    """Marks a predicate of the row of that name."""

    def add(holds: Row) -> Row:
        ROWS.append((name, holds))
        return holds

    return add


def changed(ours: Entry, theirs: Entry) -> set[str]:
    """Which parts of an entry differ."""
    return {name for name, mine, yours in zip(Entry._fields, ours, theirs, strict=True) if mine != yours}


def state(shown: Any) -> dict[str, Any]:
    """A state by the names of its parts."""
    return {} if shown is None else {part[0]: part[1:] for part in shown}


def differing(mine: Any, yours: Any) -> set[str]:
    """The names of the parts of a state that differ."""
    ours, theirs = state(mine), state(yours)
    return {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}


def raised(outcome: Any) -> str:
    """The class of the exception that an outcome is, or nothing."""
    return outcome[2] if isinstance(outcome, tuple) and outcome and outcome[0] == "raises" else ""


def text(outcome: Any) -> str:
    """The text of the exception that an outcome is, or nothing."""
    return outcome[4] if raised(outcome) and len(outcome) > 4 else ""


def _name(entry: Entry) -> Any:
    """Which method was called."""
    call = entry.call
    return call[1] if isinstance(call, tuple) and call[0] in ("call", "c.call") and len(call) > 1 else call[0]


@row("refused-request")
def _stale_buffer(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        changed(ours, theirs) == {"connection"}
        and differing(ours.connection, theirs.connection) == {"buffer"}
        and state(ours.connection)["buffer"] == (("list",),)
        and state(ours.connection)["state"][0] == "Idle"
    )


@row("bodiless-chunked")
def _bodiless_chunks(case: Case, ours: Entry, theirs: Entry) -> bool:
    before = state(theirs.response)
    status = before.get("head", (None, None))[1]
    return (
        changed(ours, theirs) <= {"response", "connection"}
        and differing(ours.connection, theirs.connection) <= {"buffer"}
        and isinstance(status, int)
        and (status < 200 or status in (204, 304))
        and before["chunked"] == ("true",)
        and differing(ours.response, theirs.response) == {"chunked", "chunk_left"}
        and state(ours.response)["chunked"] == ("false",)
    )


@row("peek-beyond")
def _peek(case: Case, ours: Entry, theirs: Entry) -> bool:
    left = state(ours.response).get("length", (None,))[0]
    return (
        _name(ours) == "peek"
        and changed(ours, theirs) == {"outcome"}
        and isinstance(ours.outcome, bytes)
        and isinstance(theirs.outcome, bytes)
        and isinstance(left, int)
        and ours.outcome == theirs.outcome[:left]
    )


@row("last-chunk")
def _last_chunk(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        changed(ours, theirs) <= {"sent", "printed", "log"}
        and ours.sent == theirs.sent + b"0\r\n\r\n"
        and b"\r\ntransfer-encoding:" in ours.sent.lower()
        and changed(ours, theirs) != set()
    )


@row("negative-chunk")
def _negative_size(case: Case, ours: Entry, theirs: Entry) -> bool:
    left = state(theirs.response).get("chunk_left", (None,))[0]
    return (
        b"-" in b"".join(case.wires)
        and raised(ours.outcome) in ("IncompleteRead", "ValueError", "StopIteration", "")
        and state(ours.response).get("chunked") == ("true",)
        and (
            raised(theirs.outcome) in ("IncompleteRead", "ValueError")
            # From a file that had nothing yet it reads no bytes, but None.
            or "'NoneType'" in text(theirs.outcome)
            or isinstance(left, int)
            and left < 0
            or _name(ours) == "peek"
            or isinstance(theirs.outcome, int)
            and theirs.outcome < 0
        )
    )


@row("closed-under-way")
def _sent_in_vain(case: Case, ours: Entry, theirs: Entry) -> bool:
    return text(ours.outcome).startswith("The connection was closed with the response before")


@row("closed-unread")
def _given_up(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        case.kind == "connection"
        and isinstance(ours.call, tuple)
        and ours.call[0].startswith("c.")
        and (
            ours.opened == theirs.opened + 1
            or raised(ours.outcome) == "NotConnected"
            and ("c.set", "auto_open", 0) in case.steps
            and ours.sent == b""
            or changed(ours, theirs) == {"connection"}
            and "sock" in differing(ours.connection, theirs.connection)
            and differing(ours.connection, theirs.connection)
            <= ({"sock", "buffer"} if "@" in repr(ours.call) else {"sock"})
            and state(ours.connection)["sock"] == (True,)
        )
    )


@row("promises")
def _no_memory(case: Case, ours: Entry, theirs: Entry) -> bool:
    return raised(theirs.outcome) == "MemoryError" and (
        raised(ours.outcome) == "IncompleteRead" or isinstance(ours.outcome, (bytes, int, tuple))
    )


@row("huge-sizes")
def _past_ssize(case: Case, ours: Entry, theirs: Entry) -> bool:
    left = state(theirs.response).get("chunk_left", (None,))[0]
    if changed(ours, theirs) == {"response"} and isinstance(left, int) and left > 2**63:
        return differing(ours.response, theirs.response) == {"chunk_left"}
    return raised(theirs.outcome) == "OverflowError" and (
        raised(ours.outcome) == "IncompleteRead"
        # From a file that has nothing yet it reads no bytes, but None.
        or ours.outcome is None
        or isinstance(ours.outcome, (bytes, int, tuple))
    )


@row("interim-cap")
def _interim(case: Case, ours: Entry, theirs: Entry) -> bool:
    return text(ours.outcome) == "got more than 100 interim responses"


@row("trailer-cap")
def _trailers(case: Case, ours: Entry, theirs: Entry) -> bool:
    return text(ours.outcome) == "got more than 100 trailers"


@row("header-cap")
def _hundred(case: Case, ours: Entry, theirs: Entry) -> bool:
    return text(theirs.outcome) == "got more than 100 headers"


@row("header-cap")
def _max_headers(case: Case, ours: Entry, theirs: Entry) -> bool:
    return ("c.set", "max_response_headers", 3) in case.steps and (
        text(ours.outcome).startswith("got more than 3 ")
        # Somebody's own `begin` is told.
        or "('_max_headers', 3)" in repr(ours.log)
        and "_max_headers" not in repr(theirs.log)
    )


@row("half-open")
def _failed_tunnel(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        raised(ours.outcome) != ""
        and state(ours.connection).get("tunnel", (None,))[0] is not None
        and differing(ours.connection, theirs.connection) == {"sock"}
        and state(ours.connection)["sock"] == (True,)
        and changed(ours, theirs) <= {"connection", "log"}
    )


@row("tunnel-lines")
def _tunnel_head(case: Case, ours: Entry, theirs: Entry) -> bool:
    said = text(ours.outcome) if raised(ours.outcome) == "ValueError" else ""
    return (
        said.startswith(
            ("Tunnel host can't contain control characters", "Invalid header name", "Invalid header value")
        )
        and any(step[0] == "c.set_tunnel" for step in case.steps)
        and ours.sent == b""
    )


@row("credentials-in-host")
def _no_user(case: Case, ours: Entry, theirs: Entry) -> bool:
    def without(sent: bytes) -> bytes:
        return re.sub(rb"(?<=\nHost: )[^\r\n]*@", b"", sent)

    buffers = [state(entry.connection).get("buffer") for entry in (ours, theirs)]
    return (
        changed(ours, theirs) <= {"sent", "connection", "printed", "log"}
        and differing(ours.connection, theirs.connection) <= {"buffer"}
        and without(ours.sent) == without(theirs.sent)
        and (b"@" in theirs.sent or "@" in repr((buffers[1], theirs.log)))
        and "@" not in repr(buffers[0]).partition("Host")[2]
    )


@row("zone-in-host")
def _percent(case: Case, ours: Entry, theirs: Entry) -> bool:
    urls = (
        [arg for arg in ours.call if isinstance(arg, str) and arg.startswith("http")]
        if isinstance(ours.call, tuple)
        else []
    )
    return any("%" in url for url in urls) and (
        raised(theirs.outcome) == "AssertionError"
        or changed(ours, theirs) <= {"sent", "connection", "printed", "log"}
    )


@row("delimiters-in-host")
def _delimiters(case: Case, ours: Entry, theirs: Entry) -> bool:
    return raised(ours.outcome) == "InvalidURL" and "can't be encoded safely" in text(ours.outcome)


@row("long-host")
def _long_host(case: Case, ours: Entry, theirs: Entry) -> bool:
    return raised(ours.outcome) == "UnicodeError" and text(ours.outcome) == "host name too long"


@row("array-chunks")
def _chunk_bytes(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        changed(ours, theirs) <= {"sent", "printed", "log"}
        and _sends_arrays(ours)
        and _sizeless(ours.sent) == _sizeless(theirs.sent)
        and (b"\r\n8\r\n" in ours.sent or b"\r\nC\r\n" in ours.sent)
    )


@row("read-minus-one")
def _read_negative(case: Case, ours: Entry, theirs: Entry) -> bool:
    call = ours.call
    return isinstance(call, tuple) and call[:2] == ("call", "read") and len(call) == 3 and call[2] in (-1, -2)


@row("ipv6")
def _brackets(case: Case, ours: Entry, theirs: Entry) -> bool:
    mine, yours = state(ours.connection).get("tunnel"), state(theirs.connection).get("tunnel")
    return (
        changed(ours, theirs) == {"connection"}
        and differing(ours.connection, theirs.connection) == {"tunnel"}
        and mine != yours
        and repr(mine).replace("[", "").replace("]", "") == repr(yours).replace("[", "").replace("]", "")
    )


@row("debug-tuple")
def _printed_tuple(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        raised(theirs.outcome) == "TypeError"
        and text(theirs.outcome) == "not all arguments converted during string formatting"
        and "Unable to determine size of (" in ours.printed
    )


def _fills_a_block(case: Case, received: bytes) -> bool:
    """Whether it is what a first receive of 8,192 bytes leaves behind a long head."""
    return any(
        wire[:8192].endswith(received) and b"\r\n\r\n" in wire[: 8192 - len(received)] for wire in case.wires
    )


@row("read-ahead")
def _read_ahead(case: Case, ours: Entry, theirs: Entry) -> bool:
    mine, yours = ours.outcome, theirs.outcome
    return (
        case.kind == "connection"
        and _name(ours) == "getresponse"
        and max(map(len, case.wires)) > 8000
        or ours.call[-1] == "readinto1"
        and isinstance(yours, tuple)
        and isinstance(yours[1], int)
        and yours[1] > 4000
        or (_name(ours) in ("peek", "read1") or ours.call[0] == "file")
        and isinstance(mine, bytes)
        and isinstance(yours, bytes)
        and (min(len(mine), len(yours)) > 4000 or _fills_a_block(case, yours))
        and (mine.startswith(yours) or yours.startswith(mine))
    )
