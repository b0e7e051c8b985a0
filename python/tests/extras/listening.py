"""What the tests of the extras share: which module is tested, and a server that does as each test says."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import socket
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, final

import straightwire

# With FACE=patched the tests run against the classes of `http.client` with our methods.
FACE = os.environ.get("FACE", "ours")
client: Any = importlib.import_module("http.client" if FACE == "patched" else "straightwire.client")
if FACE == "patched":
    straightwire.patch()

# Ends a hang, and no more.
PATIENCE = 30

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# More than all buffers between two sockets hold.
LARGE = 64 << 20

Talk = Callable[[socket.socket, BinaryIO], object]


@final
class Server:
    """A server that leads the talk on its first connection as the first function does, and so on.

    `connections` says how many came. What a function raises is raised at the end of the test.
    """

    def __init__(self, *talks: Talk, tls: Any = None) -> None:
        self.talks = list(talks)
        self.tls = tls
        self.connections = 0
        self.faults: list[BaseException] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._threads = [threading.Thread(target=self._accept)]

    def connection(self, kind: str = "HTTPConnection", **options: Any) -> Any:
        """A connection to this server."""
        return getattr(client, kind)(*self.address, timeout=PATIENCE, **options)

    def __enter__(self) -> Server:
        self._threads[0].start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)
        if kind is None:
            assert not self.faults, self.faults
            assert not any(thread.is_alive() for thread in self._threads)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            for talk in self.talks:
                sock, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._talk, args=(talk, sock))
                self._threads.append(thread)
                thread.start()

    def _talk(self, talk: Talk, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        # Else an answer may wait behind what isn't acknowledged yet, and go with it where the connection is broken.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as file:
                talk(sock, file)
        except BaseException as fault:  # noqa: BLE001  (told at the end of the test)
            self.faults.append(fault)


def read_head(file: BinaryIO) -> bytes:
    """A request's head; nothing if the client has gone."""
    head = b""
    while (line := file.readline()) not in (b"\r\n", b""):
        head += line
    return head


def read_chunks(file: BinaryIO) -> tuple[bytes, list[bytes]]:
    """A body in chunks, and its trailers."""
    body = b""
    while size := int(file.readline(), 16):
        body += file.read(size)
        assert file.readline() == b"\r\n"
    return body, list(iter(file.readline, b"\r\n"))


def read_request(file: BinaryIO) -> tuple[bytes, bytes]:
    """A request's head, and its body whichever way it is framed."""
    head = read_head(file)
    if b"transfer-encoding: chunked" in head.lower():
        return head, read_chunks(file)[0]
    length = re.search(rb"content-length: (\d+)", head.lower())
    return head, file.read(int(length[1])) if length else b""


def answers(*responses: bytes) -> Talk:
    """Reads requests whole and answers them by these."""

    def talk(sock: socket.socket, file: BinaryIO) -> None:
        for response in responses:
            read_request(file)
            sock.sendall(response)

    return talk
