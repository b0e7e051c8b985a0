"""pycurl, one handle."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import BinaryIO

from server import Peer

from .base import SMALL, check, pieces


class Curl:
    imports = "pycurl"

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.pycurl = import_module(self.imports)
        self.curl = self.pycurl.Curl()
        if peer.cafile:
            self.curl.setopt(self.pycurl.CAINFO, peer.cafile)

    def _perform(self, expected: int) -> None:
        # The chunks that curl hands out are gathered as its documentation shows.
        body = BytesIO()
        self.curl.setopt(self.pycurl.WRITEDATA, body)
        self.curl.perform()
        check(self.curl.getinfo(self.pycurl.RESPONSE_CODE), len(body.getvalue()), expected)

    def _prepare(self, path: str, headers: dict[str, str]) -> None:
        self.curl.setopt(self.pycurl.URL, self.peer.url(path))
        self.curl.setopt(self.pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])

    def get(self, path: str, headers: dict[str, str], times: int) -> None:
        self._prepare(path, headers)
        for _ in range(times):
            self._perform(SMALL)

    def get_anew(self, path: str, headers: dict[str, str], times: int) -> None:
        self.curl.setopt(self.pycurl.FORBID_REUSE, 1)
        self.get(path, headers, times)

    def read(self, path: str, size: int) -> None:
        self._prepare(path, {})
        self._perform(size)

    def _upload(self, path: str, headers: dict[str, str]) -> None:
        # Else curl waits for the server's leave, which never comes.
        self._prepare(path, {"Expect": ""} | headers)
        self.curl.setopt(self.pycurl.POST, 1)
        self._perform(0)

    def upload_bytes(self, path: str, body: bytes, size: int) -> None:
        self.curl.setopt(self.pycurl.POSTFIELDS, body)
        self._upload(path, {})

    def upload_file(self, path: str, body: BinaryIO, size: int) -> None:
        self.curl.setopt(self.pycurl.READDATA, body)
        self.curl.setopt(self.pycurl.POSTFIELDSIZE_LARGE, size)
        self._upload(path, {})

    def upload_iterator(self, path: str, body: None, size: int) -> None:
        source = pieces(size)
        self.curl.setopt(self.pycurl.READFUNCTION, lambda most: next(source, b""))
        self._upload(path, {"Transfer-Encoding": "chunked"})
