"""A body on its way while the server may be answering: `expect_timeout` and `early_response`."""

from __future__ import annotations

import re
import sys
import time

import straightwire.client as face
from straightwire import _bodies as bodies
from straightwire import _exchange as exchanges
from straightwire import _sockets as sockets
from straightwire import _stale as stale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# The line of a head that asks for 100 before the body (RFC 9110 10.1.1).
_EXPECTATION = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)

_EXPECTATION_FAILED = 417

# From here on a status says that the body isn't wanted.
_REFUSALS = 400

# Room to send, or an answer.
_BOTH = sockets.READABLE | sockets.WRITABLE

# How much is offered to a socket at a time: one record of TLS.
_PIECE = 16 * 1024


def send_head(connection: Any, head: bytes) -> None:
    """Sends the head, after which what is sent is the body."""
    exchange = connection._exchange
    exchange.head = head
    exchange.is_reused = connection.sock is not None
    if connection.timings is not None:
        if connection.sock is None and connection.auto_open:
            connection.timings.connects()
            connection.connect()
        connection.timings.sends()
    try:
        connection.send(head)
    except OSError as fault:
        if not (sockets.is_broken(fault) and stale.may_repeat(connection)):
            raise
        stale.send_again(connection)
    if connection.timings is not None:
        connection.timings.has_sent()
    exchange.expects = (
        connection.expect_timeout is not None
        and sockets.can_wait(connection.sock)
        and _EXPECTATION.search(head) is not None
    )
    exchange.is_watched = True


def is_wanted(connection: Any, body: Any) -> bool:
    """Whether the body may be sent: waits for the server to say so if the head has asked."""
    exchange = connection._exchange
    if exchange.expects:
        _wait_for_continue(connection)
    # A body that comes bit by bit has no second time.
    exchange.is_repeatable = exchange.is_repeatable and type(body) is bytes
    return not exchange.is_stopped


def send(connection: Any, data: Any) -> None:
    """`send` of anything that is part of the body."""
    exchange = connection._exchange
    if exchange.expects:
        _wait_for_continue(connection)
    if exchange.is_stopped:
        return
    for piece in _pieces(connection, data):
        if exchange.is_repeatable:
            # What was sent in one go is at hand still; more of it would have to be collected.
            exchange.is_repeatable = exchange.body is None and type(piece) is bytes
            exchange.body = piece if exchange.is_repeatable else None
        try:
            if connection.early_response and not exchange.is_answered and sockets.can_wait(connection.sock):
                _push(connection, piece)
            else:
                connection.sock.sendall(piece)
        except OSError as fault:
            if exchange.is_answered and isinstance(fault, TimeoutError):
                # The answer refused nothing, but the server reads no more.
                exchange.response.will_close = exchange.is_stopped = True
            elif not (sockets.is_broken(fault) and _has_recovered(connection)):
                raise
        if exchange.is_stopped:
            break
    if connection.timings is not None:
        connection.timings.has_sent()


def _pieces(connection: Any, data: Any) -> Iterator[Any]:
    if hasattr(data, "read"):
        if connection.debuglevel > 0:
            bodies.say(bodies.SENDING)
        for block in bodies.blocks(connection, data):
            sys.audit("http.client.send", connection, block)
            yield block
        return
    sys.audit("http.client.send", connection, data)
    try:
        memoryview(data)
    except TypeError:
        yield from bodies.members(data)
    else:
        yield data


def _push(connection: Any, piece: Any) -> None:
    """Sends a piece for as long as the server says nothing against it, and never waits for the one alone."""
    exchange, sock = connection._exchange, connection.sock
    left = memoryview(piece)
    if left.format != "B" or left.ndim != 1 or not left.contiguous:
        left = memoryview(left.tobytes())
    patience = sock.gettimeout()
    wanted = _BOTH
    while left:
        found = sockets.wait(sock, wanted, patience)
        if not found:
            raise TimeoutError("timed out")
        if found & sockets.READABLE:
            look(connection, readable=True)
            if exchange.is_answered:
                response = exchange.response
                if response.status >= _REFUSALS or response.will_close:
                    response.will_close = exchange.is_stopped = True
                else:
                    sock.sendall(left)
            if exchange.is_stopped or exchange.is_answered:
                return
        wanted = _BOTH
        sock.settimeout(0)
        try:
            left = left[sock.send(left[:_PIECE]) :]
        except OSError as fault:
            if not sockets.would_block(fault):
                raise
            if sockets.wants_to_read(fault):
                wanted = sockets.READABLE
        finally:
            sock.settimeout(patience)


def _has_recovered(connection: Any) -> bool:
    """After the server has broken the connection: whether it had answered, or the request could be repeated."""
    exchange = connection._exchange
    if connection.early_response and sockets.can_wait(connection.sock):
        for _ in range(face._MAXINTERIMRESPONSES):
            if (
                exchange.is_answered
                or exchange.is_stopped
                or not sockets.wait(connection.sock, sockets.READABLE, 0)
            ):
                break
            look(connection, readable=True)
        if exchange.is_answered:
            exchange.response.will_close = exchange.is_stopped = True
            return True
    if stale.may_repeat(connection):
        stale.send_again(connection)
        return True
    return False


def _wait_for_continue(connection: Any) -> None:
    """Waits for 100 as long as was said, but not for an answer: then there is no need of the body."""
    exchange = connection._exchange
    exchange.expects = False
    end = time.monotonic() + connection.expect_timeout
    while not exchange.has_continued:
        if not sockets.wait(connection.sock, sockets.READABLE, end - time.monotonic()):
            return
        look(connection, readable=True)
        if exchange.is_answered:
            exchange.response.will_close = exchange.is_stopped = True
            break
        if exchange.is_stopped:
            if not stale.may_repeat(connection):
                return
            stale.send_again(connection)
    is_refused = exchange.is_answered and exchange.response.status == _EXPECTATION_FAILED
    if connection.expect_retry and is_refused and connection.auto_open:
        exchange.response.close()
        exchange.head = _EXPECTATION.sub(b"", exchange.head)
        stale.send_again(connection)


def look(connection: Any, *, readable: bool) -> None:
    """Reads what has come of the answer, up to its head's end; `readable` if the socket says that there is some."""
    exchange = connection._exchange
    if exchange.response is None:
        exchange.response = exchanges.open_response(connection)
    while not exchange.is_stopped and not exchange.is_answered:
        ahead = sockets.peek(connection.sock, exchange.response.fp)
        if ahead is None or not (ahead or readable):
            return
        if ahead:
            exchange.is_repeatable = False
            # The rest may come in its time, or after the body only.
            if not sockets.has_head(connection.sock, exchange.response.fp):
                return
        exchanges.read_head(connection)
        readable = False
