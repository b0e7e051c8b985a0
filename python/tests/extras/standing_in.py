"""What the examples ask of `straightwire serve`, by the standard library's server: for where there is no Rust."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    """Answers by the first word of the path, as crates/origin does."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nobody reads that."""

    def handle_expect_100(self) -> bool:
        """Left to those who want the body."""
        return True

    def answer(self) -> None:
        """Find who answers."""
        url = urlsplit(self.path)
        name, *rest = url.path.strip("/").split("/")
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        handler: Callable[..., None] = getattr(self, f"send_{name.replace('-', '_')}", self.send_404)
        handler(rest, query)

    do_GET = do_PUT = do_POST = answer

    def whole(self, body: bytes, *headers: tuple[str, Any]) -> None:
        """A response with its length."""
        self.send_response(200)
        for name, value in (*headers, ("Content-Length", len(body))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def send_404(self, *_: Any) -> None:
        self.send_error(404)

    def send_(self, *_: Any) -> None:
        self.whole(b"here")

    def send_bytes(self, rest: list[str], _: Any) -> None:
        self.whole(bytes(int(rest[0])))

    def send_upload(self, *_: Any) -> None:
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        size, trailers = 0, []
        if self.headers.get("Transfer-Encoding") == "chunked":
            while piece := int(self.rfile.readline(), 16):
                size += len(self.rfile.read(piece))
                self.rfile.readline()
            while (line := self.rfile.readline()) != b"\r\n":
                trailers.append(line.decode().strip().split(": "))
        else:
            size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.whole(json.dumps({"bytes": size, "trailers": trailers}).encode())

    def send_refuse(self, _: Any, query: dict[str, str]) -> None:
        self.send_response(int(query["status"]))
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def send_early_hints(self, *_: Any) -> None:
        self.send_response_only(103)
        self.send_header("Link", "</style.css>; rel=preload")
        self.end_headers()
        self.whole(b"page")

    def send_upgrade(self, _: Any, query: dict[str, str]) -> None:
        self.send_response(101)
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.end_headers()
        self.wfile.write(query["ahead"].encode())
        while data := self.rfile.read1(100):  # type: ignore[attr-defined]
            self.wfile.write(data)
        self.close_connection = True

    def send_chunked(self, rest: list[str], _: Any) -> None:
        size, chunk = map(int, rest)
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _piece in range(size // chunk):
            self.wfile.write(b"%x\r\n%b\r\n" % (chunk, bytes(chunk)))
        self.wfile.write(b"0\r\nByte-Count: %d\r\n\r\n" % size)

    def send_hang_up(self, *_: Any) -> None:
        self.whole(b"soon")
        self.connection.recv(1)
        self.close_connection = True

    def send_truncated(self, rest: list[str], _: Any) -> None:
        size, sent = map(int, rest)
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(bytes(sent))
        self.close_connection = True

    def send_bad_headers(self, *_: Any) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nno colon\r\nA: b\r\n: c\r\nContent-Length: 4\r\n\r\nbody")

    def send_encoded(self, rest: list[str], _: Any) -> None:
        text = b"".join(b"%d\n" % number for number in range(int(rest[1])))[: int(rest[1])]
        encode = {"gzip": gzip.compress, "deflate": zlib.compress}[rest[0]]
        self.whole(encode(text), ("Content-Encoding", rest[0]))

    def send_drip(self, _: Any, query: dict[str, str]) -> None:
        size, piece, pause = (int(query[name]) for name in ("bytes", "piece", "pause_ms"))
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for _piece in range(size // piece):
            time.sleep(pause / 1000)
            self.wfile.write(bytes(piece))


class Quiet(ThreadingHTTPServer):
    """Clients that go away in the middle are what some examples are about."""

    def handle_error(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The server's HOST:PORT, as long as it is there."""
    with Quiet(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield "{}:{}".format(*server.server_address)
        finally:
            server.shutdown()
            thread.join()
