"""What a socket has to say without being waited for."""

from __future__ import annotations

import select
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# By name, as `ssl` may never have been imported.
_TLS_WAITS = ("SSLWantReadError", "SSLWantWriteError")


def can_wait(sock: Any) -> bool:
    """Whether a socket is one of the system's, TLS or not: only those can be looked at from outside."""
    return isinstance(sock, socket.socket)


def wait(sock: Any, events: int, patience: float | None) -> int:
    """Waits for one of `events`, `patience` seconds at most; tells which came, 0 for none."""
    poll = select.poll()
    poll.register(sock, events)
    found = poll.poll(None if patience is None else max(patience, 0) * 1000)
    return found[0][1] if found else 0


def is_gone(sock: Any) -> bool:
    """Whether an idle connection is of no use: closed by the other side, or with bytes nobody has asked for."""
    if not can_wait(sock) or not wait(sock, select.POLLIN, 0):
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


def would_block(fault: OSError) -> bool:
    """Whether a socket only says that it would have to wait."""
    return isinstance(fault, BlockingIOError) or type(fault).__name__ in _TLS_WAITS


def wants_to_read(fault: OSError) -> bool:
    """Whether it would have to wait for something to read, though it was to write."""
    return type(fault).__name__ == _TLS_WAITS[0]
