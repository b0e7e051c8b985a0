"""The servers that the programs talk to: the standard library's, with a little of everything."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import re
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import parse_http_list, parse_keqv_list

USER, PASSWORD, REALM, NONCE = "ann", "s3cret", "here", "once"


def pattern(size: int) -> bytes:
    """Bytes that show when one of them is missing."""
    return (b"".join(b"%0127d\n" % number for number in range(0, size, 128)))[:size]


class Handler(BaseHTTPRequestHandler):
    """Answers by path; what it doesn't know it describes."""

    protocol_version = "HTTP/1.1"
    # Head and body are two writes.
    disable_nagle_algorithm = True
    server: Server
    # What every response says besides.
    extra: tuple[tuple[str, str], ...] = ()

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def log_message(self, *_: object) -> None:
        """Nobody reads that."""

    def answer(self) -> None:
        """Read the whole request and send the response to it."""
        body = self.body()
        self.server.requests.append((self.command, self.path))
        name, _, argument = urlsplit(self.path).path.strip("/").partition("/")
        getattr(self, f"send_{name}", self.send_echo)(argument, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer

    def body(self) -> bytes:
        """The request's body."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            assert self.rfile.readline() == b"\r\n"
        assert self.rfile.readline() == b"\r\n"
        return body

    def send(self, body: bytes, *headers: tuple[str, str], status: int = 200) -> None:
        """Send a response."""
        self.send_response(status)
        for name, value in (*headers, *self.extra):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_echo(self, _: str, body: bytes) -> None:
        """What the server has understood."""
        told: dict[str, Any] = {"method": self.command, "path": self.path, "body": body.decode("latin-1")}
        told["headers"] = [[name.lower(), value] for name, value in self.headers.items()]
        self.send(json.dumps(told).encode(), ("Content-Type", "application/json"))

    def send_bytes(self, size: str, _: bytes) -> None:
        """A body of a known length."""
        self.send(pattern(int(size)))

    def send_chunked(self, size: str, _: bytes) -> None:
        """The same in chunks of all sizes, with a trailer."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        data, piece = pattern(int(size)), 1
        while data:
            chunk, data = data[:piece], data[piece:]
            self.wfile.write(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk))
            piece = piece * 3 % 50_021
        self.wfile.write(b"0\r\nChecksum: none\r\n\r\n")

    def send_close(self, size: str, _: bytes) -> None:
        """A body that ends with the connection."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(pattern(int(size)))
        self.close_connection = True

    def send_short(self, size: str, _: bytes) -> None:
        """A body that lacks its last byte."""
        self.send_response(200)
        self.send_header("Content-Length", size)
        self.end_headers()
        self.wfile.write(pattern(int(size))[:-1])
        self.close_connection = True

    def send_gzip(self, size: str, _: bytes) -> None:
        """A compressed body."""
        self.send(gzip.compress(pattern(int(size))), ("Content-Encoding", "gzip"))

    def send_redirect(self, argument: str, _: bytes) -> None:
        """`/redirect/302/3` goes by two more redirects to `/echo`."""
        status, left = argument.split("/")
        target = f"/redirect/{status}/{int(left) - 1}" if int(left) > 1 else "/echo"
        self.send(b"over there", ("Location", target), status=int(status))

    def send_status(self, status: str, _: bytes) -> None:
        """A status, with a body where it may have one."""
        self.send(b"" if status in ("204", "304") else b"told you", status=int(status))

    def send_cookies(self, _: str, __: bytes) -> None:
        """Two cookies."""
        self.send(b"", ("Set-Cookie", "one=1; Path=/"), ("Set-Cookie", "two=2; Path=/; HttpOnly"))

    def send_never(self, _: str, __: bytes) -> None:
        """Nothing, until the client has had enough."""
        with contextlib.suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True

    def send_basic(self, _: str, body: bytes) -> None:
        """For those with the password only."""
        expected = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == expected:
            self.send_echo("", body)
        else:
            self.send(b"who?", ("WWW-Authenticate", f'Basic realm="{REALM}"'), status=401)

    def send_digest(self, _: str, body: bytes) -> None:
        """The same, without sending it (RFC 7616, with MD5)."""

        def md5(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

        given = self.headers.get("Authorization", "")
        fields = parse_keqv_list(parse_http_list(re.sub("^Digest ", "", given)))
        if fields:
            mine = md5(USER, REALM, PASSWORD), md5(self.command, self.path)
            between = (NONCE, fields["nc"], fields["cnonce"], "auth")
            if fields["response"] == md5(mine[0], *between, mine[1]):
                self.send_echo("", body)
                return
        challenge = f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth"'
        self.send(b"who?", ("WWW-Authenticate", challenge), status=401)


class ProxyHandler(Handler):
    """Answers for other servers, and makes tunnels to them."""

    extra = (("Via", "1.1 proxy"),)

    def do_CONNECT(self) -> None:
        """Carry bytes both ways."""
        self.server.requests.append((self.command, self.path))
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=carry, args=(there, self.connection))
            back.start()
            carry(self.connection, there)
            back.join()
        self.close_connection = True


def carry(source: socket.socket, target: socket.socket) -> None:
    """Copy until the end, and pass that on."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


class Server(ThreadingHTTPServer):
    """Counts what it is asked."""

    handler: type[BaseHTTPRequestHandler] = Handler

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), self.handler)
        self.connections = 0
        self.requests: list[tuple[str, str]] = []
        self.scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        """Where it is to be found."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may leave when they like."""


class Origin(Server):
    """A server of everything."""


class Proxy(Server):
    """A proxy."""

    handler = ProxyHandler


ServerType = TypeVar("ServerType", bound=Any)


@contextlib.contextmanager
def serving(server: ServerType) -> Iterator[ServerType]:
    """Let a server run in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
