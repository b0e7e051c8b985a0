"""The floor: sends what lies ready, reads until the answer is whole, looks for nothing but the end of the head."""

from __future__ import annotations

import socket
import ssl
from typing import BinaryIO

from server import Peer

from .base import PIECE, SMALL, Wrong, check

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"


class Raw:
    imports = "socket"

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.context = ssl.create_default_context(cafile=peer.cafile) if peer.cafile else None
        self.sock = self.connection()

    def connection(self) -> socket.socket:
        sock = socket.create_connection((self.peer.host, self.peer.port))
        if self.context:
            return self.context.wrap_socket(sock, server_hostname=self.peer.host)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def head(self, method: str, path: str, headers: dict[str, str]) -> bytes:
        common = {"Host": f"{self.peer.host}:{self.peer.port}", "Accept-Encoding": "identity"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in (common | headers).items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()

    def get(self, path: str, headers: dict[str, str], times: int) -> None:
        request = self.head("GET", path, headers)
        sendall, recv = self.sock.sendall, self.sock.recv
        for _ in range(times):
            sendall(request)
            answer = recv(PIECE)
            end = answer.index(HEAD_END) + len(HEAD_END) + SMALL
            while len(answer) < end:
                answer += recv(PIECE)
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise Wrong(answer)

    def get_anew(self, path: str, headers: dict[str, str], times: int) -> None:
        for _ in range(times):
            self.sock.close()
            self.sock = self.connection()
            self.get(path, headers, 1)

    def _open(self, path: str) -> bytes:
        self.sock.sendall(self.head("GET", path, {}))
        answer = b""
        while HEAD_END not in answer:
            answer += self.sock.recv(PIECE)
        return answer[answer.index(HEAD_END) + len(HEAD_END) :]

    def read(self, path: str, size: int) -> None:
        """Keeps nothing: what is left is the socket's own cost."""
        if not path.startswith("/chunks"):
            return self.readinto(path, size)
        last = self._open(path)
        while not last.endswith(LAST_CHUNK):
            last = last[-len(LAST_CHUNK) :] + self.sock.recv(PIECE)
        return None

    def readinto(self, path: str, size: int) -> None:
        length = len(self._open(path))
        buffer = bytearray(PIECE)
        while length < size:
            length += self.sock.recv_into(buffer, min(PIECE, size - length))

    def read_pieces(self, path: str, size: int) -> None:
        length = len(self._open(path))
        while length < size:
            length += len(self.sock.recv(PIECE))

    def _upload(self, path: str, headers: dict[str, str]) -> None:
        self.sock.sendall(self.head("POST", path, headers))

    def _uploaded(self) -> None:
        answer = self.sock.recv(PIECE)
        check(int(answer[9:12]), len(answer) - answer.index(HEAD_END) - len(HEAD_END), 0)

    def upload_bytes(self, path: str, body: bytes, size: int) -> None:
        self._upload(path, {"Content-Length": str(size)})
        self.sock.sendall(body)
        self._uploaded()

    def upload_file(self, path: str, body: BinaryIO, size: int) -> None:
        self._upload(path, {"Content-Length": str(size)})
        buffer = bytearray(PIECE)
        view = memoryview(buffer)
        while count := body.readinto(buffer):  # type: ignore[attr-defined]
            self.sock.sendall(view[:count])
        self._uploaded()
