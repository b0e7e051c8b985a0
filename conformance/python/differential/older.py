"""What older interpreters did otherwise, and the package does as the newest everywhere."""

from __future__ import annotations

import re
import sys
from typing import Any

from .case import Case
from .known import changed, differing, raised, row, state, text
from .play import Entry

# From 3.13 on a response lets go of its connection when a line or a part ends it.
_HALF_READ = frozenset(
    ("read1", "readinto1", "readline", "readlines", "next", "__next__", "list", "buffered", "text", "with")
)


def _ends_at_once(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        not _HALF_READ.isdisjoint(map(str, ours.call))
        and changed(ours, theirs) <= {"response", "connection", "log"}
        and differing(ours.response, theirs.response) == {"done", "closed"}
        and differing(ours.connection, theirs.connection) <= {"state"}
    )


def _brackets(case: Case, ours: Entry, theirs: Entry) -> bool:
    def plain(thing: Any) -> str:
        return re.sub(r"%[0-9a-z]*|[\[\]]", "", repr(thing))

    def held(entry: Entry, ours: Entry) -> dict[str, Any]:
        # A connection that is closed has forgotten its request, and a failed tunnel its socket.
        idle = state(ours.connection)["state"][0] == "Idle"
        skipped = ("sock", "buffer") if idle else ("sock",)
        return {name: part for name, part in state(entry.connection).items() if name not in skipped}

    return (
        case.kind == "connection"
        and changed(ours, theirs) <= {"sent", "connection", "printed", "log"}
        and differing(ours.connection, theirs.connection) <= {"host", "tunnel", "buffer", "sock"}
        # The request that comes behind may have its last chunk besides.
        and plain(ours.sent) in (plain(theirs.sent), plain(theirs.sent + b"0\r\n\r\n"))
        and plain(held(ours, ours)) == plain(held(theirs, ours))
    )


def _proxy_headers(case: Case, ours: Entry, theirs: Entry) -> bool:
    return b"CONNECT " in ours.sent and text(ours.outcome) == "got more than 100 headers"


def _copied_headers(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        changed(ours, theirs) == {"connection"}
        and differing(ours.connection, theirs.connection) == {"tunnel"}
        and ours.call[0] == "c.set_tunnel"
        and ours.call[-1] is not None
    )


def _chained(case: Case, ours: Entry, theirs: Entry) -> bool:
    return (
        raised(ours.outcome) == "IncompleteRead"
        and changed(ours, theirs) == {"outcome"}
        and ours.outcome[:-1] == theirs.outcome[:-1]
    )


if sys.version_info < (3, 13):
    row("end-at-once")(_ends_at_once)
    row("ipv6")(_brackets)
if sys.version_info < (3, 12):
    row("proxy-header-cap")(_proxy_headers)
    row("tunnel-headers")(_copied_headers)
if sys.version_info < (3, 11):
    row("chained")(_chained)
