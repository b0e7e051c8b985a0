"""Connections that were kept, and closed by the server meanwhile: `repeat_stale`."""

from __future__ import annotations

from straightwire import _sockets as sockets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Methods whose requests may be sent twice (RFC 9110 9.2.2).
IDEMPOTENT = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"))


def check(connection: Any) -> None:
    """Lets go of a connection that a request would be lost on; it is opened anew where that is allowed."""
    if connection.sock is not None and connection.auto_open and sockets.is_gone(connection.sock):
        sockets.drop_socket(connection)


def may_repeat(connection: Any) -> bool:
    """Whether the request may be sent again if the server has gone away without a word (RFC 9112 9.3.1)."""
    exchange = connection._exchange
    return bool(
        connection.repeat_stale
        and exchange.is_reused
        and exchange.is_repeatable
        and connection.auto_open
        and (connection.repeat_stale == "any" or exchange.method in IDEMPOTENT)
    )


def send_again(connection: Any) -> None:
    """Sends the request on a new connection, and not a third time."""
    exchange = connection._exchange
    sockets.drop_socket(connection)
    exchange.is_reused = exchange.is_answered = exchange.is_stopped = exchange.is_watched = False
    exchange.response = None
    connection.send(exchange.head)
    # The server may answer this time, and may refuse the body.
    exchange.is_watched = True
    if exchange.body is not None:
        connection.send(exchange.body)
