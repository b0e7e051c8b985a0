"""`decoded`: the body without its content codings."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from listening import OK, Server, answers, client

TEXT = " ".join(
    random.Random(7).choices(["to", "be", "or", "not", "that", "is", "the", "question"], k=40000)
).encode()


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


def br(data: bytes) -> bytes:
    coded: bytes = pytest.importorskip("brotli", "1.2").compress(data)
    return coded


def zstd(data: bytes) -> bytes:
    try:
        from compression import zstd
    except ImportError:
        zstd = pytest.importorskip("backports.zstd")
    coded: bytes = zstd.compress(data)
    return coded


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "members": ("gzip", lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:])),
    "padded": ("gzip", lambda data: gzip.compress(data) + bytes(100)),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", br),
    "zstd": ("zstd", zstd),
    "frames": ("zstd", lambda data: zstd(data[:1000]) + zstd(data[1000:])),
    "several": ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
    "none": ("", bytes),
    "identity": ("identity", bytes),
}


def framed(coding: str, body: bytes, chunk: int) -> bytes:
    """A response, with chunks of a size or none."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\n" % coding.encode()
    if not chunk:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    cut = (body[at : at + chunk] for at in range(0, len(body), chunk))
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in cut)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def get(connection: Any) -> Any:
    connection.request("GET", "/")
    return connection.getresponse()


@pytest.mark.parametrize("chunk", [0, 1, 7, 5000])
@pytest.mark.parametrize("kind", CODINGS)
def test_the_body_comes_out(kind: str, chunk: int) -> None:
    coding, encode = CODINGS[kind]
    data = TEXT if chunk != 1 else TEXT[:5000]
    with Server(answers(framed(coding, encode(data), chunk), OK)) as server:
        connection = server.connection()
        response = get(connection)
        assert response.decoded().read() == data
        assert response.read() == b""
        # The connection can be used again.
        assert get(connection).read() == b"ok"
        connection.close()
        assert server.connections == 1


@pytest.mark.parametrize("kind", ["gzip", "br", "zstd", "several"])
def test_in_whatever_way_it_is_read(kind: str) -> None:
    coding, encode = CODINGS[kind]
    with Server(answers(framed(coding, encode(TEXT), 0))) as server:
        file = get(server.connection()).decoded()
        lines = io.TextIOWrapper(file, "ascii", newline="")
        assert lines.read(10).encode() == TEXT[:10]
        assert b"".join(iter(lambda: lines.read(777).encode(), b"")) == TEXT[10:]


@pytest.mark.parametrize("kind", ["gzip", "deflate", "raw deflate", "br", "zstd"])
def test_what_a_decoder_still_holds_when_all_has_come_is_given(kind: str) -> None:
    coding, encode = CODINGS[kind]
    # A few bytes for all of it: the last of them are taken long before what they stand for is read.
    data = b"a" * 8000
    with Server(answers(framed(coding, encode(data), 0))) as server:
        file = get(server.connection()).decoded()
        assert b"".join(iter(lambda: file.read1(100), b"")) == data


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_one_that_ends_before_its_length_is_incomplete(coding: str) -> None:
    answer = framed(coding, gzip.compress(TEXT) + bytes(50), 0)
    # What is missing may come after all that counts.
    with Server(answers(answer[:-30])) as server:
        file = get(server.connection()).decoded()
        with pytest.raises(client.IncompleteRead) as caught:
            file.read()
        assert caught.value.expected == 30


@pytest.mark.parametrize("kind", ["gzip", "deflate", "br", "zstd", "several"])
def test_one_that_is_cut_short_is_incomplete(kind: str) -> None:
    coding, encode = CODINGS[kind]
    with Server(answers(framed(coding, encode(TEXT)[:-20], 0))) as server:
        file = get(server.connection()).decoded()
        with pytest.raises(client.IncompleteRead):
            file.read()


@pytest.mark.parametrize("kind", ["gzip", "br", "zstd", "several"])
def test_one_that_is_broken_is_an_error(kind: str) -> None:
    coding, encode = CODINGS[kind]
    body = bytearray(encode(TEXT))
    body[len(body) // 2 : len(body) // 2 + 8] = b"\xff" * 8
    with Server(answers(framed(coding, bytes(body), 0))) as server:
        file = get(server.connection()).decoded()
        with pytest.raises(client.HTTPException, match="coding is broken"):
            file.read()


@pytest.mark.parametrize("method, status", [("HEAD", 200), ("GET", 304)])
def test_an_empty_body_is_empty(method: str, status: int) -> None:
    head = b"HTTP/1.1 %d X\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n" % status
    with Server(answers(head)) as server:
        connection = server.connection()
        connection.request(method, "/")
        assert connection.getresponse().decoded().read() == b""
        connection.close()


@pytest.mark.parametrize("kind", ["gzip", "br", "zstd", "several"])
def test_a_bomb_is_not_let_off(kind: str) -> None:
    coding, encode = CODINGS[kind]
    bomb = framed(coding, encode(bytes(8 << 20)), 0)
    with Server(*[answers(bomb)] * 3) as server:
        file = get(server.connection()).decoded()
        with pytest.raises(client.HTTPException, match="more than 100 for one"):
            file.read()
        # Whoever knows what it is can have it.
        assert len(get(server.connection()).decoded(max_ratio=None).read()) == 8 << 20
        file = get(server.connection()).decoded(max_ratio=None, max_size=5 << 20)
        with pytest.raises(client.HTTPException, match="more than 5242880 bytes decoded"):
            file.read()


def test_one_of_which_nothing_comes_is_not_either() -> None:
    # A thousand times as much to do as was sent, and not a byte of it.
    nothing = gzip.compress(gzip.compress(b"") * 400000)
    with Server(answers(framed("gzip, gzip", nothing, 0))) as server:
        file = get(server.connection()).decoded()
        with pytest.raises(client.HTTPException, match="more than 100 for one"):
            file.read()


def test_no_more_is_decoded_than_is_asked_for() -> None:
    import tracemalloc

    bomb = framed("gzip", gzip.compress(bytes(256 << 20), 1), 0)
    with Server(answers(bomb)) as server:
        file = get(server.connection()).decoded(max_ratio=None)
        tracemalloc.start()
        try:
            assert file.read(1000) == bytes(1000)
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    "coding, reason",
    [("compress", "'compress' is not known"), ("gzip," * 4 + "gzip", "more than 4 content codings")],
)
def test_what_is_not_known_is_refused_at_once(coding: str, reason: str) -> None:
    with Server(answers(framed(coding, b"x", 0))) as server:
        response = get(server.connection())
        with pytest.raises(client.HTTPException, match=reason):
            response.decoded()
        # As it came it can still be had.
        assert response.read() == b"x"
