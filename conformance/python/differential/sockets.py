"""The other end: sockets that give what a case says, and tell what was sent to them."""

from __future__ import annotations

import io
import socket
from typing import Any

# Real sockets, whose bytes are all there and then end; what is not exactly `socket.socket`; fakes with a file of
# their own, whole or a few bytes at a time; real ones that stay open, with a time limit or without blocking.
KINDS = ("pair", "derived", "file", "pieces", "late", "unready")

# More than this doesn't fit into a socket nobody reads from.
_MOST = 100_000


class Derived(socket.socket):
    """A socket with a class of its own, so that it is read from through `makefile`."""

    def setsockopt(self, *args: Any) -> None:
        """Takes the options of TCP, too."""


class Pieces(io.RawIOBase):
    """A file that gives its bytes a few at a time."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """One to seven bytes."""
        count = min(len(buffer), 1 + self.at % 7, len(self.data) - self.at)
        buffer[:count] = self.data[self.at : self.at + count]
        self.at += count
        return count


class Fake:
    """As little of a socket as a client can do with."""

    def __init__(self, data: bytes, whole: bool) -> None:
        self.file = io.BytesIO(data) if whole else io.BufferedReader(Pieces(data))
        self.sent: list[bytes] = []
        self.closed = False

    def makefile(self, mode: str, buffering: int | None = None) -> Any:
        """The file to read from, always the same."""
        return self.file

    def sendall(self, data: Any) -> None:
        """Keeps what is sent, each time by itself."""
        if isinstance(data, (str, int)) or data is None:
            raise TypeError(f"a bytes-like object is required, not {type(data).__name__!r}")
        self.sent.append(bytes(memoryview(data)))

    def setsockopt(self, *args: Any) -> None:
        """Takes any option."""

    def close(self) -> None:
        """Only remembers it."""
        self.closed = True


class Line:
    """A socket, and the end of it that the server would have."""

    def __init__(self, kind: str, data: bytes) -> None:
        self.peer: Any = None
        self.kind = kind
        if kind in ("file", "pieces") or len(data) > _MOST:
            self.sock: Any = Fake(data, kind != "pieces")
            return
        self.sock, self.peer = socket.socketpair()
        if data:
            self.peer.sendall(data)
        if kind == "late":
            self.sock.settimeout(0.002)
        elif kind == "unready":
            self.sock.settimeout(0)
        else:
            self.peer.shutdown(socket.SHUT_WR)
        if kind == "derived":
            self.sock = Derived(fileno=self.sock.detach())

    def sent(self) -> bytes:
        """What has come since the last time this was asked."""
        if self.peer is None:
            parts, self.sock.sent = self.sock.sent, []
            return b"".join(parts)
        whole = b""
        while True:
            try:
                data = self.peer.recv(1 << 18, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return whole
            except ConnectionResetError:
                # It was closed before all had been read; what it sent is there all the same.
                continue
            if not data:
                return whole
            whole += data

    def is_open(self) -> bool:
        """Whether the client's end is."""
        if self.peer is None:
            return not self.sock.closed
        return bool(self.sock.fileno() >= 0)

    def close(self) -> None:
        """Lets go of both ends."""
        self.sock.close()
        if self.peer is not None:
            self.peer.close()
