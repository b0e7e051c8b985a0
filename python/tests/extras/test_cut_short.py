"""`strict_length`: a message cut at any byte, heads, chunks, trailers and TLS included."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from listening import Server, client, read_head

PIECES = (b"line one\nli", b"ne", b" two\nthree")
BODY = b"".join(PIECES)
LENGTH = b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: %d\r\n\r\n" % len(BODY)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = [b"%x\r\n" % len(piece) + piece + b"\r\n" for piece in PIECES]
TRAILERS = b"0\r\nA: b\r\n\r\n"


def into(response: Any, size: int) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: response.readinto(buffer)])


# Each step gives some of the body, and nothing at its end.
STEPS: dict[str, Callable[[Any], bytes]] = {
    "read": lambda response: response.read(),
    "read(n)": lambda response: response.read(7),
    "read(more)": lambda response: response.read(1000),
    "read1": lambda response: response.read1(),
    "read1(n)": lambda response: response.read1(3),
    "readinto": lambda response: into(response, 7),
    "readinto(more)": lambda response: into(response, 1000),
    "readline": lambda response: response.readline(),
    "next": lambda response: next(response, b""),
    "peek": lambda response: response.read1(len(response.peek(1)[:2])),
}


def cuts() -> list[tuple[bytes, bytes]]:
    """All that a server may say of a message before it goes, and how much body that has."""
    found = [(LENGTH + BODY[:at], BODY[:at]) for at in range(len(BODY))]
    said, body = CHUNKED, b""
    for chunk, piece in zip(CHUNKS, PIECES, strict=True):
        data = chunk.index(b"\n") + 1
        found += [(said + chunk[:at], body + piece[: max(at - data, 0)]) for at in range(len(chunk))]
        said, body = said + chunk, body + piece
    return found + [(said + TRAILERS[:at], BODY) for at in range(len(TRAILERS))]


def saying(data: bytes) -> Any:
    def talk(sock: Any, file: Any) -> None:
        read_head(file)
        sock.sendall(data)

    return talk


@pytest.mark.parametrize("way", STEPS)
@pytest.mark.parametrize("debuglevel", [0, 1], ids=["quick", "slow"])
def test_a_body(way: str, debuglevel: int) -> None:
    with Server(*[saying(said) for said, _ in cuts()]) as server:
        for said, body in cuts():
            connection = server.connection(strict_length=True)
            connection.request("GET", "/")
            response = connection.getresponse()
            response.debuglevel = debuglevel
            came = []
            with pytest.raises(client.IncompleteRead) as caught:
                while piece := STEPS[way](response):
                    came.append(piece)
            assert b"".join(came) + caught.value.partial == body, said
            connection.close()


def test_a_head() -> None:
    ends = range(len("HTTP/1.1 200"), len(LENGTH))
    with Server(*[saying(LENGTH[:end]) for end in ends]) as server:
        for _ in ends:
            connection = server.connection(strict_length=True)
            connection.request("GET", "/")
            with pytest.raises(client.IncompleteRead):
                connection.getresponse()
            connection.close()


@pytest.mark.parametrize("way", STEPS)
def test_a_body_that_ends_with_the_connection_in_tls(way: str, contexts: tuple[Any, Any]) -> None:
    """Whoever can cut the connection can't say goodbye for the server (RFC 9112 9.8)."""

    def cut(sock: Any, file: Any) -> None:
        read_head(file)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)

    def end(sock: Any, file: Any) -> None:
        cut(sock, file)
        with contextlib.suppress(ssl.SSLError, OSError):
            sock.unwrap()

    def read(strict: bool) -> bytes:
        connection = server.connection("HTTPSConnection", context=contexts[1], strict_length=strict)
        connection.request("GET", "/")
        response = connection.getresponse()
        came = []
        try:
            while piece := STEPS[way](response):
                came.append(piece)
        except client.IncompleteRead as fault:
            assert b"".join(came) + fault.partial == BODY
            raise
        finally:
            connection.close()
        return b"".join(came)

    with Server(cut, cut, end, tls=contexts[0]) as server:
        if contexts[1].options & ssl.OP_IGNORE_UNEXPECTED_EOF:
            # Some Pythons set this, so that OpenSSL itself takes such an end for one with a goodbye.
            assert read(strict=True) == BODY
        else:
            with pytest.raises(client.IncompleteRead):
                read(strict=True)
        assert read(strict=False) == BODY
        assert read(strict=True) == BODY
