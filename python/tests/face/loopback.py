"""What the tests of the package's face share: which module is tested, and a server that follows a script."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TypeVar, final

import pytest

import straightwire

# With FACE=stock the tests run against the interpreter's own module. Those of deliberate differences must fail
# then, or they would show nothing. With FACE=patched they run against its classes with our methods.
FACE = os.environ.get("FACE", "ours")
STOCK = FACE == "stock"
client: Any = importlib.import_module("straightwire.client" if FACE == "ours" else "http.client")
if FACE == "patched":
    straightwire.patch()

# Ends a hang. The stock module hangs where it differs by hanging.
PATIENCE = 1 if STOCK else 30

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

_Test = TypeVar("_Test", bound=Callable[..., None])


def differs(
    name: str, since: tuple[int, ...] = (3,), until: tuple[int, ...] = (4,)
) -> Callable[[_Test], _Test]:
    """Marks a test of the row `name` in docs/differences.md, and the versions whose stock module differs."""

    def mark(test: _Test) -> _Test:
        test.difference = name  # type: ignore[attr-defined]
        expected = STOCK and since <= sys.version_info < until
        return pytest.mark.xfail(expected, reason=f"{name}: a difference", strict=True)(test)

    return mark


@final
class Peer:
    """A server that reads requests whole and answers each by what comes next in its script.

    `requests` has them, by connection and byte by byte.
    """

    def __init__(self, *answers: bytes) -> None:
        self.answers = deque(answers)
        self.requests: list[list[bytes]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._open = self._listener
        self._thread = threading.Thread(target=self._serve)

    def connection(
        self, host: str | None = None, port: int | None = None, kind: str = "HTTPConnection", **options: Any
    ) -> Any:
        """A connection of the tested module that believes it talks to `host`, and reaches this server."""
        host = self.address[0] if host is None else host
        port = self.address[1] if port is None else port
        connection = getattr(client, kind)(host, port, timeout=PATIENCE, **options)
        connection._create_connection = lambda _, *rest: socket.create_connection(self.address, *rest)
        return connection

    @property
    def request(self) -> bytes:
        """The one request that came."""
        ((request,),) = self.requests
        return request

    @property
    def lines(self) -> list[bytes]:
        """The lines of its head."""
        return self.request.partition(b"\r\n\r\n")[0].split(b"\r\n")

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would not wake who waits on them.
        for sock in self._listener, self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._open = sock
                sock.settimeout(PATIENCE)
                with contextlib.suppress(OSError, ValueError), sock, sock.makefile("rb") as file:
                    self._answer(sock, file)

    def _answer(self, sock: socket.socket, file: BinaryIO) -> None:
        self.requests.append([])
        while request := b"".join(_request(file)):
            self.requests[-1].append(request)
            if self.answers:
                sock.sendall(self.answers.popleft())
            if not self.answers:
                # So that a body that claims to go on is seen to end.
                sock.shutdown(socket.SHUT_WR)


def _request(file: BinaryIO) -> Iterator[bytes]:
    """A request, in pieces."""
    head = b""
    while line := file.readline():
        head += line
        yield line
        if line == b"\r\n":
            break
    if re.search(rb"\r\nTransfer-Encoding: chunked", head, re.IGNORECASE):
        size = -1
        while size:
            line = file.readline()
            size = int(line, 16)
            yield line
            yield file.read(size + 2)
    elif length := re.search(rb"\r\nContent-Length: (\d+)", head, re.IGNORECASE):
        yield file.read(int(length[1]))
