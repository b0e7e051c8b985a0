"""Libraries over `http.client`: what they gain by `straightwire.install()`."""

from __future__ import annotations

import ssl
from typing import Any, BinaryIO

from server import Peer

from .base import check, pieces


class UrllibRequest:
    """Has no kept connections."""

    imports = "urllib.request"

    def __init__(self, peer: Peer) -> None:
        import urllib.request

        self.peer = peer
        self.urllib = urllib.request

    def get_anew(self, path: str, headers: dict[str, str], times: int) -> None:
        request = self.urllib.Request(self.peer.url(path), headers=headers)
        for _ in range(times):
            with self.urllib.urlopen(request) as response:
                check(response.status, len(response.read()))


class Urllib3:
    imports = "urllib3"

    def __init__(self, peer: Peer) -> None:
        import urllib3

        self.peer = peer
        context = ssl.create_default_context(cafile=peer.cafile) if peer.cafile else None
        self.pool = urllib3.PoolManager(ssl_context=context)

    def get(self, path: str, headers: dict[str, str], times: int) -> None:
        url = self.peer.url(path)
        for _ in range(times):
            response = self.pool.request("GET", url, headers=headers)
            check(response.status, len(response.data))

    def read(self, path: str, size: int) -> None:
        response = self.pool.request("GET", self.peer.url(path))
        check(response.status, len(response.data), size)


class Requests:
    imports = "requests"

    def __init__(self, peer: Peer) -> None:
        import requests

        self.peer = peer
        self.session = requests.Session()
        # As an argument of each request: the session's own yields to what stands in the environment.
        self.verify = peer.cafile or True

    def get(self, path: str, headers: dict[str, str], times: int) -> None:
        url = self.peer.url(path)
        for _ in range(times):
            response = self.session.get(url, headers=headers, verify=self.verify)
            check(response.status_code, len(response.content))

    def read(self, path: str, size: int) -> None:
        response = self.session.get(self.peer.url(path))
        check(response.status_code, len(response.content), size)

    def _upload(self, path: str, body: Any) -> None:
        response = self.session.post(self.peer.url(path), data=body)
        check(response.status_code, len(response.content), 0)

    def upload_bytes(self, path: str, body: bytes, size: int) -> None:
        self._upload(path, body)

    def upload_file(self, path: str, body: BinaryIO, size: int) -> None:
        self._upload(path, body)

    def upload_iterator(self, path: str, body: None, size: int) -> None:
        self._upload(path, pieces(size))
