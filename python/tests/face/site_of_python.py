"""The servers of the documentation's examples, all on the loopback: www.python.org and others, and a proxy."""

from __future__ import annotations

import contextlib
import http.server
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

PAGE = b"<!doctype html>\n<!--[if lt IE 9]><![endif]-->\n" + b"<p>Spam and eggs.</p>\n" * 40


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the documentation shows it."""

    protocol_version = "HTTP/1.1"
    secured: tuple[str, int]

    def do_GET(self) -> None:
        if self.path in ("/", "/index.html"):
            self.answer(200, PAGE, ("Content-Type", "text/html; charset=utf-8"))
        else:
            self.answer(404, b"")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/":
            assert form == b"%40number=12524&%40type=issue&%40action=show"
            link = b"https://bugs.python.org/issue12524"
            self.answer(302, b'Redirecting to <a href="%s">%s</a>' % (link, link))
        else:
            self.answer(200, form)

    def do_PUT(self) -> None:
        if self.headers["Transfer-Encoding"] == "chunked":
            self.answer(200, b"".join(self.chunks()), ("X-Was", "chunked"))
        else:
            self.answer(200, self.rfile.read(int(self.headers["Content-Length"])))

    def chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            assert self.rfile.readline() == b"\r\n"
        assert self.rfile.readline() == b"\r\n"

    def do_CONNECT(self) -> None:
        assert self.path == "www.python.org:443"
        self.send_response(200, "Connection established")
        self.end_headers()
        with socket.create_connection(self.secured) as server:
            back = threading.Thread(target=carry, args=(server, self.connection))
            back.start()
            carry(self.connection, server)
            back.join()
        self.close_connection = True

    def answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response_only(status)
        for name, value in (
            ("X-Twice", "one"),
            ("X-Twice", "two"),
            *headers,
            ("Content-Length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def carry(source: socket.socket, target: socket.socket) -> None:
    """Carries what comes to where it goes, and the end of it."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """One of them, with TLS or without."""

    daemon_threads = True

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), type("Handler", (Handler,), {}))
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
            self.context.set_alpn_protocols(["http/1.1"])

    def finish_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        # In the connection's own thread: a handshake may take its time.
        if self.context is None:
            super().finish_request(request, client_address)
        else:
            with self.context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

    def handle_error(self, *_: object) -> None:
        """Nothing: a client that breaks off is no fault of the server's."""


@contextlib.contextmanager
def servers(certificate: Path) -> Iterator[tuple[int, int]]:
    """The ports of a server without TLS and of one with it."""
    with Server() as plain, Server(certificate) as secured:
        plain.RequestHandlerClass.secured = secured.server_address  # type: ignore[attr-defined]
        for server in plain, secured:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield plain.server_address[1], secured.server_address[1]
        finally:
            plain.shutdown()
            secured.shutdown()
