"""The reader over TLS: records, time-outs and the end of the stream, through the socket's own calls."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import types
from collections.abc import Iterator

import pytest

from straightwire._engine import Reader, open_reader, take_head


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl not found")
    cert: pathlib.Path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", cert, "-out", f"{cert}.crt"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{cert}.crt", cert)
    return context


@contextlib.contextmanager
def wrapped(context: ssl.SSLContext, answer: bytes) -> Iterator[ssl.SSLSocket]:
    """A TLS socket whose peer sends `answer`, waits for a byte, and closes."""
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    theirs.settimeout(30)

    def serve() -> None:
        with context.wrap_socket(theirs, server_side=True) as peer:
            peer.sendall(answer)
            peer.recv(1)
            with contextlib.suppress(OSError):
                peer.unwrap()

    server = threading.Thread(target=serve)
    server.start()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    with client.wrap_socket(ours) as sock:
        yield sock
    server.join()


def test_heads_and_bodies_over_tls(context: ssl.SSLContext) -> None:
    body = b"0123456789" * 20_000
    with wrapped(context, b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + body) as sock:
        with open_reader(sock) as reader:
            assert type(reader) is Reader
            assert take_head(reader, 100).get("content-length") == "200000"
            assert reader.read(150_000) == body[:150_000]
            into = bytearray(50_000)
            assert reader.readinto(into) == 50_000
            assert into == body[150_000:]
            sock.settimeout(0.01)
            with pytest.raises(socket.timeout):
                reader.read(1)
            with pytest.raises(OSError, match="cannot read from timed out object"):
                reader.read(1)
        sock.settimeout(30)
        sock.sendall(b"x")


def test_the_end_of_a_tls_stream(context: ssl.SSLContext) -> None:
    with wrapped(context, b"all") as sock, open_reader(sock) as reader:
        assert reader.peek() == b"all"
        sock.sendall(b"x")
        assert reader.read() == b"all"
        assert reader.read1() == b""


def test_views_that_a_tracer_keeps_are_dead(context: ssl.SSLContext) -> None:
    body = b"0123456789" * 300_000
    kept: list[memoryview] = []

    def trace(frame: types.FrameType, event: str, _: object) -> object:
        kept.extend(value for value in frame.f_locals.values() if type(value) is memoryview)
        return trace

    with wrapped(context, body) as sock:
        with open_reader(sock) as reader:
            before = sys.gettrace()
            sys.settrace(trace)
            try:
                data = reader.read(len(body))
            finally:
                sys.settrace(before)
        sock.sendall(b"x")
    assert data == body
    assert kept
    for view in kept:
        with pytest.raises(ValueError, match="released"):
            view[0]
