"""`http.client`, and what is written like it."""

from __future__ import annotations

import ssl
from importlib import import_module
from typing import Any, BinaryIO

from server import Peer

from .base import PIECE, SMALL, Wrong, check, pieces


class HttpClient:
    imports: str

    def __init__(self, peer: Peer) -> None:
        self.module = import_module(self.imports)
        self.peer = peer
        self.context = ssl.create_default_context(cafile=peer.cafile) if peer.cafile else None
        self.conn = self.connection()

    def connection(self) -> Any:
        if self.context:
            return self.module.HTTPSConnection(self.peer.host, self.peer.port, context=self.context)
        return self.module.HTTPConnection(self.peer.host, self.peer.port)

    def get(self, path: str, headers: dict[str, str], times: int) -> None:
        conn = self.conn
        for _ in range(times):
            conn.request("GET", path, headers=headers)
            response = conn.getresponse()
            if response.status != 200 or len(response.read()) != SMALL:
                raise Wrong(response.status)

    def get_anew(self, path: str, headers: dict[str, str], times: int) -> None:
        for _ in range(times):
            conn = self.connection()
            conn.request("GET", path, headers=headers)
            response = conn.getresponse()
            check(response.status, len(response.read()))
            conn.close()

    def _open(self, path: str) -> Any:
        self.conn.request("GET", path)
        return self.conn.getresponse()

    def read(self, path: str, size: int) -> None:
        response = self._open(path)
        check(response.status, len(response.read()), size)

    def readinto(self, path: str, size: int) -> None:
        response = self._open(path)
        buffer = bytearray(PIECE)
        length = 0
        while count := response.readinto(buffer):
            length += count
        check(response.status, length, size)

    def read_pieces(self, path: str, size: int) -> None:
        response = self._open(path)
        length = 0
        while piece := response.read(PIECE):
            length += len(piece)
        check(response.status, length, size)

    def _upload(self, path: str, body: object, headers: dict[str, str]) -> None:
        self.conn.request("POST", path, body, headers)
        response = self.conn.getresponse()
        check(response.status, len(response.read()), 0)

    def upload_bytes(self, path: str, body: bytes, size: int) -> None:
        self._upload(path, body, {})

    def upload_file(self, path: str, body: BinaryIO, size: int) -> None:
        self._upload(path, body, {"Content-Length": str(size)})

    def upload_unsized(self, path: str, body: BinaryIO, size: int) -> None:
        self._upload(path, body, {})

    def upload_iterator(self, path: str, body: None, size: int) -> None:
        self._upload(path, pieces(size), {})


class Stock(HttpClient):
    imports = "http.client"


class Straightwire(HttpClient):
    imports = "straightwire.client"
