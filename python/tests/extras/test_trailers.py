"""Trailers: fields after a body in chunks, those that came and those that are sent."""

from __future__ import annotations

import hashlib
import io
import socket
from typing import Any, BinaryIO

import pytest
from listening import OK, Server, answers, client, read_chunks, read_head

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"


def get(server: Server, **options: Any) -> Any:
    """The response to a GET."""
    connection = server.connection(**options)
    connection.request("GET", "/")
    return connection.getresponse()


@pytest.mark.parametrize("way", ["read", "parts", "readinto", "read1", "lines"])
def test_they_are_there_at_the_end(way: str) -> None:
    with Server(answers(CHUNKED + b"Checksum: abc\r\nchecksum: d\r\nCount: 5\r\n\r\n")) as server:
        response = get(server)
        assert response.trailers is None
        if way == "read":
            response.read()
        elif way == "lines":
            list(response)
        else:
            step = {"parts": lambda: response.read(2), "readinto": lambda: response.readinto(bytearray(2))}
            while step.get(way, lambda: response.read1(2))():
                pass
        assert isinstance(response.trailers, client.HTTPMessage)
        assert response.trailers.get_all("checksum") == ["abc", "d"]
        assert response.trailers["count"] == "5"
        # They are no headers.
        assert "count" not in response.headers


def test_without_any_there_are_none() -> None:
    with Server(answers(CHUNKED + b"\r\n", OK)) as server:
        connection = server.connection()
        for _ in range(2):
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
            assert response.trailers is None
        connection.close()


def test_a_bad_line_among_them() -> None:
    bad = CHUNKED + b"A: 1\r\nnonsense\r\nB: 2\r\n\r\n"
    with Server(answers(bad), answers(bad)) as server:
        response = get(server)
        response.read()
        assert response.trailers.items() == [("A", "1")]
        response = get(server, lenient_headers=True)
        response.read()
        assert response.trailers.items() == [("A", "1"), ("B", "2")]
        assert [defect.line for defect in response.trailers.defects] == ["nonsense\r\n"]


def sent(body: Any, trailers: Any, headers: Any = None) -> tuple[bytes, bytes, list[bytes]]:
    """The head, body and trailers that come out at the other end."""
    seen = []

    def talk(sock: socket.socket, file: BinaryIO) -> None:
        head = read_head(file)
        seen.append((head, *read_chunks(file)))
        sock.sendall(OK)

    with Server(talk) as server:
        connection = server.connection()
        connection.request("POST", "/", body, headers or {}, trailers=trailers)
        assert connection.getresponse().read() == b"ok"
        connection.close()
    return seen[0]


BODIES: dict[str, Any] = {
    "none": (None, b""),
    "bytes": (b"hello", b"hello"),
    "text": ("hello", b"hello"),
    "file": (io.BytesIO(b"hello"), b"hello"),
    "iterable": ([b"hel", b"lo"], b"hello"),
}


@pytest.mark.parametrize("kind", BODIES)
def test_they_are_sent_after_any_body(kind: str) -> None:
    body, expected = BODIES[kind]
    head, came, trailers = sent(body, {"Checksum": "abc", "Count": 5})
    assert (came, trailers) == (expected, [b"Checksum: abc\r\n", b"Count: 5\r\n"])
    assert b"\r\nTransfer-Encoding: chunked\r\n" in head
    assert b"\r\nTrailer: Checksum, Count\r\n" in head
    assert b"content-length" not in head.lower()


def test_a_function_gives_them_when_the_body_is_out() -> None:
    digest = hashlib.sha256()

    def body() -> Any:
        for piece in (b"hel", b"lo"):
            digest.update(piece)
            yield piece

    given = {"Trailer": "Digest", "transfer-encoding": "chunked"}
    head, came, trailers = sent(body(), lambda: [("Digest", digest.hexdigest())], given)
    assert came == b"hello"
    assert trailers == [b"Digest: " + hashlib.sha256(b"hello").hexdigest().encode() + b"\r\n"]
    assert head.lower().count(b"trailer:") == head.lower().count(b"transfer-encoding:") == 1


def test_step_by_step() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        assert read_chunks(file) == (b"hello", [b"A: b\r\n"])
        read_head(file)
        assert read_chunks(file) == (b"", [])
        sock.sendall(OK)

    with Server(talk) as server:
        connection = server.connection()
        connection.putrequest("POST", "/")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        connection.send(b"5\r\nhello\r\n")
        connection.endchunks({"A": "b"})
        connection.send(b"POST / HTTP/1.1\r\n\r\n")
        connection.endchunks()
        assert connection.getresponse().read() == b"ok"
        connection.close()


def test_where_there_is_no_body_none_is_ended() -> None:
    with Server(answers(OK, OK)) as server:
        connection = server.connection()
        with pytest.raises(client.CannotSendHeader):
            connection.endchunks()
        assert connection.sock is None
        connection.putrequest("POST", "/")
        with pytest.raises(client.CannotSendHeader):
            connection.endchunks()
        connection.endheaders()
        assert connection.getresponse().read() == b"ok"
        with pytest.raises(client.CannotSendHeader):
            connection.endchunks({"A": "b"})
        # Not a byte of it was sent.
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        connection.close()


@pytest.mark.parametrize(
    "name",
    [
        "Content-Length",
        "transfer-encoding",
        "Host",
        b"Trailer",
        "Authorization",
        "Cookie",
        "content-type",
        "Host ",
    ],
)
def test_what_is_no_trailer_is_refused_before_anything_is_sent(name: Any) -> None:
    connection = client.HTTPConnection("localhost", 1)
    with pytest.raises(ValueError, match="can't be a trailer"):
        connection.request("POST", "/", b"x", trailers={name: "1"})
    assert connection.sock is None


@pytest.mark.parametrize(
    "pair", [("A\r\nB", "c"), ("A", "b\r\nC: d"), ("A", "b\nc"), ("", "b"), ("A:", "\r")]
)
def test_no_line_is_smuggled_in(pair: tuple[str, str]) -> None:
    connection = client.HTTPConnection("localhost", 1)
    with pytest.raises(ValueError, match="Invalid header"):
        connection.request("POST", "/", b"x", trailers=[pair])


def test_they_need_chunks() -> None:
    connection = client.HTTPConnection("localhost", 1)
    with pytest.raises(ValueError, match="need chunks"):
        connection.request("POST", "/", b"x", {"Content-Length": "1"}, trailers={"A": "b"})
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    with pytest.raises(ValueError, match="need chunks"):
        connection.request("POST", "/", b"x", trailers={"A": "b"})


def test_pairs_that_can_be_had_only_once() -> None:
    head, came, trailers = sent(b"hello", iter([("Checksum", "abc")]))
    assert b"\r\nTrailer: Checksum\r\n" in head
    assert (came, trailers) == (b"hello", [b"Checksum: abc\r\n"])


def test_no_function_is_asked_for_them_behind_a_body_that_was_not_sent() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        file.read()

    with Server(talk) as server:
        connection = server.connection(expect_timeout=30)
        connection.request(
            "PUT", "/", b"hello", {"Expect": "100-continue"}, trailers=lambda: pytest.fail("asked")
        )
        response = connection.getresponse()
        assert (response.status, response.read()) == (413, b"big")
        connection.close()
