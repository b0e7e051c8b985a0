"""A request under way on a connection that has extras on, and the response that comes to it."""

from __future__ import annotations

import straightwire.client as face
from straightwire import _sockets as sockets
from straightwire import _stale as stale
from straightwire._errors import HTTPException
from straightwire._extras import hand_on
from straightwire._interim import is_interim, note
from straightwire._timings import Timings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Exchange:
    """What is kept of a request until it is answered."""

    __slots__ = (
        "body", "expects", "has_continued", "head", "is_answered", "is_repeatable", "is_reused", "is_stopped", "is_watched",
        "method", "response",
    )  # fmt: skip

    def __init__(self, method: str) -> None:
        self.method = method
        # What went out, as far as it is kept to be sent again.
        self.head = b""
        self.body: Any = None
        # On a connection that had been used before.
        self.is_reused = False
        # Nothing went out that can't be had again.
        self.is_repeatable = True
        # The head is out: what is sent now is the body.
        self.is_watched = False
        # The body has to wait for 100.
        self.expects = False
        # The server wants the body.
        self.has_continued = False
        # The head of the answer has come already.
        self.is_answered = False
        # No more of the body goes out.
        self.is_stopped = False
        # The response, from when the first look for it was taken.
        self.response: Any = None


def begin(connection: Any, method: str) -> Exchange:
    """For a request that begins now."""
    connection.timings = Timings() if connection.timed else None
    if connection.repeat_stale:
        stale.check(connection)
    return Exchange(method)


def open_response(connection: Any) -> Any:
    """A response whose head has yet to be read."""
    kind = connection.response_class
    if connection.debuglevel > 0:
        response = kind(connection.sock, connection.debuglevel, method=connection._method)
    else:
        response = kind(connection.sock, method=connection._method)
    if connection._exchange is not None:
        hand_on(connection, response)
        if connection.timings is not None:
            response.timings = connection.timings
    return response


def respond(connection: Any) -> Any:
    """The response that `getresponse` has yet to begin, which may have been begun while the body was sent."""
    exchange = connection._exchange
    response = exchange.response or open_response(connection)
    if stale.may_repeat(connection) and not has_come(response.fp):
        response.close()
        stale.send_again(connection)
        response = exchange.response or open_response(connection)
    if connection.timings is not None and (exchange.is_answered or has_come(response.fp)):
        connection.timings.has_answered()
    connection._exchange = None
    return response


def has_come(file: Any) -> bool:
    """Whether there is an answer: waits until the server has begun one, or has gone away."""
    try:
        return file is not None and bool(file.peek(1))
    except OSError as fault:
        if sockets.is_broken(fault):
            return False
        raise


def read_head(connection: Any) -> None:
    """Reads one head of the answer. What is wrong with it is told by `getresponse`."""
    exchange = connection._exchange
    response = exchange.response
    try:
        line = response._read_status()
        if is_interim(line[1]):
            exchange.has_continued = exchange.has_continued or line[1] == 100
            note(response, line[1], line[2], face._read_headers(response.fp, connection.max_response_headers))
            return
        response._read_status = lambda: line
        begin_response(connection, response)
        del response._read_status
        exchange.is_answered = True
    except (OSError, HTTPException) as fault:
        raise_later(response, fault)
        exchange.is_stopped = True


def begin_response(connection: Any, response: Any) -> None:
    """`begin`, with the limit that the connection has."""
    if connection.max_response_headers is None:
        response.begin()
    else:
        response.begin(_max_headers=connection.max_response_headers)


def raise_later(response: Any, fault: BaseException) -> None:
    """Has `begin` raise what reading the head has raised already."""

    def read_status() -> tuple[str, int, str]:
        raise fault

    response.headers = None
    response._read_status = read_status
