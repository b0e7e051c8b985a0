"""`strict_length`: a body that ends before its length is an error however it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from listening import OK, Server, client, read_head, read_request

CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab\nde"
CUT_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n7\r\nde"


def into(response: Any, size: int) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: response.readinto(buffer)])


def twice(read: Callable[[], bytes]) -> bytes:
    """A way that may give what there is, and must not give an end after it."""
    pieces = []
    while piece := read():
        pieces.append(piece)
    return b"".join(pieces)


# How it is read; what is handed out before the error, and what comes with that.
WAYS: dict[str, tuple[Callable[[Any], Any], bytes]] = {
    "read": (lambda response: response.read(), b"ab\nde"),
    "read(n)": (lambda response: response.read(8), b"ab\nde"),
    "read(more)": (lambda response: response.read(100), b"ab\nde"),
    "read(1)": (lambda response: twice(lambda: response.read(1)), b""),
    "read1": (lambda response: twice(lambda: response.read1()), b""),
    "read1(n)": (lambda response: twice(lambda: response.read1(2)), b""),
    "readinto": (lambda response: into(response, 10), b"ab\nde"),
    "readinto(2)": (lambda response: twice(lambda: into(response, 2)), b"e"),
    "readline": (lambda response: twice(lambda: response.readline()), b"de"),
    "readline(n)": (lambda response: twice(lambda: response.readline(7)), b"de"),
    "iteration": (lambda response: list(response), b"de"),
    "peek": (lambda response: response.read(5) and response.peek(), b""),
}


def cut_off(answer: bytes) -> Any:
    def talk(sock: Any, file: Any) -> None:
        read_head(file)
        sock.sendall(answer)

    return talk


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("answer", [CUT, CUT_CHUNK], ids=["length", "chunks"])
def test_it_is_an_error(way: str, answer: bytes) -> None:
    read, partial = WAYS[way]

    def accept(sock: Any, file: Any) -> None:
        read_request(file)
        sock.sendall(OK)

    with Server(cut_off(answer), accept) as server:
        connection = server.connection(strict_length=True)
        connection.request("GET", "/")
        response = connection.getresponse()
        with pytest.raises(client.IncompleteRead) as caught:
            read(response)
        if answer is CUT:
            assert (caught.value.partial, caught.value.expected) == (partial, 5)
            # The connection is of no use, and isn't used.
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"ok"
        elif way in ("readline", "readline(n)", "iteration"):
            assert caught.value.partial == b"de"
        connection.close()


@pytest.mark.parametrize("way", [way for way in WAYS if way != "read"])
def test_without_the_option_it_is_an_end(way: str) -> None:
    with Server(cut_off(CUT)) as server:
        connection = server.connection()
        connection.request("GET", "/")
        WAYS[way][0](connection.getresponse())
        connection.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "answer",
    [CUT + b"f\nh\ni", CUT_CHUNK + b"f\nh\ni\r\n0\r\n\r\n", CUT.replace(b"Content-Length: 10", b"A: b")],
    ids=["length", "chunks", "close"],
)
def test_a_whole_body_is_none(way: str, answer: bytes) -> None:
    with Server(cut_off(answer)) as server:
        connection = server.connection(strict_length=True)
        connection.request("GET", "/")
        WAYS[way][0](connection.getresponse())
        connection.close()


def test_lines_of_chunks_are_the_lines() -> None:
    body = b"one\ntwo\r\n\n" + b"x" * 100 + b"\nlast"
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(body[at : at + 7]), body[at : at + 7]) for at in range(0, len(body), 7)
    )
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    with Server(cut_off(answer), cut_off(answer)) as server:
        for strict in (False, True):
            connection = server.connection(strict_length=strict)
            connection.request("GET", "/")
            response = connection.getresponse()
            assert response.readline(2) == b"on"
            assert response.readline(0) == b""
            assert response.readline(50) == b"e\n"
            assert list(response) == [b"two\r\n", b"\n", b"x" * 100 + b"\n", b"last"]
            connection.close()
