"""Responses before the response (RFC 9110 15.2), and the change to another protocol that one of them is."""

from __future__ import annotations

from collections import namedtuple

import straightwire.client as face
from straightwire import _lenient as lenient
from straightwire import _sockets as sockets
from straightwire._errors import HTTPException, ResponseNotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from straightwire._message import HTTPMessage

    class Interim(NamedTuple):
        """A 1xx response: its status, reason and headers."""

        status: int
        reason: str
        headers: HTTPMessage
else:
    Interim = namedtuple("Interim", "status reason headers")

_SWITCHING_PROTOCOLS = 101

# So much of them is kept; a hint has some hundred bytes.
_MOST = 1 << 20


def is_interim(status: int) -> bool:
    """Whether another response follows. After 101 none does, or not in HTTP/1.1."""
    return 100 <= status < 200 and status != _SWITCHING_PROTOCOLS


def is_skipped(response: Any, status: int) -> bool:
    """Whether this one is not the response, to those who have asked for that."""
    return is_interim(status) and (response.skip_interim or response.on_interim is not None)


def note(response: Any, status: int, reason: str, headers: Any) -> None:
    """Keeps an interim response, and tells it to whoever wants to know."""
    if not (response.skip_interim or response.on_interim is not None):
        return
    if not response.interim:
        response.interim = []
    if len(response.interim) >= face._MAXINTERIMRESPONSES:
        raise HTTPException(f"got more than {face._MAXINTERIMRESPONSES} interim responses")
    if isinstance(headers, list):
        parse = lenient.parse_header_lines if response.lenient_headers else face._parse_header_lines
        headers = parse(headers)
    interim = Interim(status, reason.strip(), headers)
    response.interim.append(interim)
    if (
        sum(len(name) + len(value) for kept in response.interim for name, value in kept.headers.items())
        > _MOST
    ):
        raise HTTPException(f"got more than {_MOST} bytes of interim responses")
    if response.on_interim is not None:
        response.on_interim(interim)


def upgrade(self: Any) -> tuple[Any, bytes]:
    """The socket, for the protocol that follows 101 or a CONNECT, and the first bytes of that if some have come.

    It is the caller's from now on: the connection opens another one for its next request.
    """
    opened = self._method == "CONNECT" and self.status in range(200, 300)
    if self.fp is None or not (opened or self.status == _SWITCHING_PROTOCOLS):
        raise ResponseNotReady(f"no other protocol follows {self.status}")
    file = self.fp
    sock = file.raw._sock
    ahead = sockets.peek(sock, file) or b""
    # `close` of the connection had it wait for the response only.
    sock._closed = False
    self._handed_over = True
    self._close_conn()
    return sock, ahead
