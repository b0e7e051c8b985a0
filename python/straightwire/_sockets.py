"""The socket of a connection: what it has to say without being waited for, and its end."""

from __future__ import annotations

import select
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What may be waited for: an answer, the end or an error; room to send.
READABLE, WRITABLE = 1, 2

# By name, as `ssl` may never have been imported.
_TLS_WAITS = ("SSLWantReadError", "SSLWantWriteError")
_TLS_ENDS = ("SSLEOFError", "SSLZeroReturnError")


def can_wait(sock: Any) -> bool:
    """Whether a socket is one of the system's, TLS or not: only those can be looked at from outside."""
    return isinstance(sock, socket.socket)


def wait(sock: Any, events: int, patience: float | None) -> int:
    """Waits for one of `events`, `patience` seconds at most; tells which came, 0 for none."""
    patience = None if patience is None else max(patience, 0)
    if not hasattr(select, "poll"):
        readable, writable, _ = select.select(
            [sock] if events & READABLE else [], [sock] if events & WRITABLE else [], [], patience
        )
        return (READABLE if readable else 0) | (WRITABLE if writable else 0)
    poll = select.poll()
    wanted = (select.POLLIN if events & READABLE else 0) | (select.POLLOUT if events & WRITABLE else 0)
    poll.register(sock, wanted)
    found = poll.poll(None if patience is None else patience * 1000)
    if not found:
        return 0
    # What is neither is an end or an error, which reading tells.
    told = found[0][1]
    return (READABLE if told & ~select.POLLOUT else 0) | (WRITABLE if told & select.POLLOUT else 0)


def is_gone(sock: Any) -> bool:
    """Whether an idle connection is of no use: closed by either side, or with bytes that nobody has asked for."""
    if not can_wait(sock):
        return False
    if sock.fileno() < 0:
        return True
    if not wait(sock, READABLE, 0):
        return False
    patience = sock.gettimeout()
    sock.settimeout(0)
    try:
        # TLS has messages of its own, which are taken in here.
        sock.recv(1)
    except OSError as fault:
        return not would_block(fault)
    else:
        return True
    finally:
        sock.settimeout(patience)


def peek(sock: Any, file: Any) -> bytes | None:
    """What `file`, over `sock`, has next: None if nothing has come, empty at the end or where the connection broke.

    A file of io's, unlike our reader, gives nothing where nothing has come either.
    """
    patience = sock.gettimeout()
    sock.settimeout(0)
    try:
        ahead: bytes = file.peek(1)
    except OSError as fault:
        return None if would_block(fault) else b""
    else:
        return ahead
    finally:
        sock.settimeout(patience)


def has_head(sock: Any, file: Any) -> bool:
    """Whether a head can be read off `file` without waiting for more of it, where that can be told."""
    if not hasattr(file, "has_head"):
        return True
    patience = sock.gettimeout()
    sock.settimeout(0)
    try:
        found: bool = file.has_head()
    except OSError as fault:
        return not would_block(fault)
    else:
        return found
    finally:
        sock.settimeout(patience)


def has_ended(sock: Any) -> bool:
    """Whether the other side has said itself that nothing more comes, at the end of what came."""
    if not hasattr(sock, "suppress_ragged_eofs"):
        return True
    suppresses, sock.suppress_ragged_eofs = sock.suppress_ragged_eofs, False
    try:
        return not sock.recv(1)
    except OSError:
        return False
    finally:
        sock.suppress_ragged_eofs = suppresses


def would_block(fault: OSError) -> bool:
    """Whether a socket only says that it would have to wait."""
    return isinstance(fault, BlockingIOError) or type(fault).__name__ in _TLS_WAITS


def wants_to_read(fault: OSError) -> bool:
    """Whether it would have to wait for something to read, though it was to write."""
    return type(fault).__name__ == _TLS_WAITS[0]


def is_broken(fault: OSError) -> bool:
    """Whether the other side has ended the connection."""
    return isinstance(fault, ConnectionError) or type(fault).__name__ in _TLS_ENDS


def drop_socket(connection: Any) -> None:
    """Closes the socket alone: what a subclass does besides in `close` would undo a request under way."""
    sock, connection.sock = connection.sock, None
    if sock:
        sock.close()
