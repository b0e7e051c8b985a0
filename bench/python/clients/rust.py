"""Python's clients in Rust, each with one pool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server import Peer

from .base import SMALL, check, pieces


class _Pooled:
    """What the four have in common: an answer whose status and body `_get` gives."""

    imports: str

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.client = self._client()

    def _client(self) -> Any:
        raise NotImplementedError

    def _get(self, url: str, headers: dict[str, str]) -> tuple[int, Any]:
        answer = self.client.get(url, headers=headers)
        return answer.status_code, answer.content

    def get(self, path: str, headers: dict[str, str], times: int) -> None:
        url = self.peer.url(path)
        for _ in range(times):
            status, body = self._get(url, headers)
            check(status, len(body), SMALL)

    def get_anew(self, path: str, headers: dict[str, str], times: int) -> None:
        self.get(path, headers | {"Connection": "close"}, times)

    def read(self, path: str, size: int) -> None:
        status, body = self._get(self.peer.url(path), {})
        check(status, len(body), size)


class Primp(_Pooled):
    imports = "primp"

    def _client(self) -> Any:
        import primp

        return primp.Client(ca_cert_file=self.peer.cafile)


class Httpr(_Pooled):
    imports = "httpr"

    def _client(self) -> Any:
        import httpr

        return httpr.Client(ca_cert_file=self.peer.cafile)


class Rnet(_Pooled):
    imports = "rnet"

    def _client(self, **options: Any) -> Any:
        import rnet

        if self.peer.cafile:
            options["verify"] = Path(self.peer.cafile)
        return rnet.BlockingClient(**options)

    def get_anew(self, path: str, headers: dict[str, str], times: int) -> None:
        # It pays no attention to its own `Connection: close`.
        self.client = self._client(no_keepalive=True)
        self.get(path, headers, times)

    def _get(self, url: str, headers: dict[str, str]) -> tuple[int, Any]:
        answer = self.client.get(url, headers=headers)
        return answer.status, answer.bytes()


class Pyreqwest(_Pooled):
    imports = "pyreqwest"

    def _client(self) -> Any:
        from pyreqwest.client import SyncClientBuilder

        builder = SyncClientBuilder()
        if self.peer.cafile:
            builder = builder.add_root_certificate_pem(Path(self.peer.cafile).read_bytes())
        return builder.build()

    def _get(self, url: str, headers: dict[str, str]) -> tuple[int, Any]:
        answer = self.client.get(url).headers(headers).build().send()
        return answer.status, answer.bytes()

    def _upload(self, request: Any) -> None:
        answer = request.build().send()
        check(answer.status, len(answer.bytes()), 0)

    def upload_bytes(self, path: str, body: bytes, size: int) -> None:
        self._upload(self.client.post(self.peer.url(path)).body_bytes(body))

    def upload_iterator(self, path: str, body: None, size: int) -> None:
        self._upload(self.client.post(self.peer.url(path)).body_stream(pieces(size)))
