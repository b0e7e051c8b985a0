"""`expect_timeout`: the body waits for 100 (RFC 9110 10.1.1)."""

from __future__ import annotations

import contextlib
import io
import socket
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
from listening import CONTINUE, OK, Server, client, read_head, read_request

EXPECT = {"Expect": "100-continue"}
REFUSAL = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
Over = tuple[dict[str, Any], dict[str, Any]]


def bodies() -> list[Any]:
    """The same body in every way that it can be given."""
    return [b"hello", "hello", io.BytesIO(b"hello"), iter([b"hel", b"lo"])]


@pytest.mark.parametrize("which", range(len(bodies())))
def test_the_body_follows_100(which: int, over: Over) -> None:
    seen = []

    def talk(sock: socket.socket, file: BinaryIO) -> None:
        head = read_head(file)
        seen.append(head)
        # Nothing of the body may come before.
        sock.settimeout(0.3)
        with pytest.raises(OSError):
            sock.recv(1)
        sock.settimeout(30)
        sock.sendall(CONTINUE)
        sock.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
        # A file that has timed out reads no more.
        with sock.makefile("rb") as rest:
            while b"lo" not in rest.readline(5):
                pass
            sock.sendall(OK)

    with Server(talk, **over[0]) as server:
        connection = server.connection(expect_timeout=30, skip_interim=True, **over[1])
        connection.request("PUT", "/", bodies()[which], EXPECT)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"ok")
        assert [interim.status for interim in response.interim] == [100, 102]
        connection.close()


@pytest.mark.parametrize("which", range(len(bodies())))
def test_a_final_answer_saves_the_body(which: int, over: Over) -> None:
    rests = []

    def refuse(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(REFUSAL)
        rests.append(file.read())

    def accept(sock: socket.socket, file: BinaryIO) -> None:
        read_request(file)
        sock.sendall(OK)

    body = bodies()[which]
    with Server(refuse, accept, **over[0]) as server:
        connection = server.connection(expect_timeout=30, **over[1])
        connection.request("PUT", "/", body, EXPECT)
        response = connection.getresponse()
        assert (response.status, response.read()) == (413, b"big")
        # The server could only take what comes next for the body.
        assert response.will_close and connection.sock is None
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        connection.close()
    assert rests == [b""]
    if isinstance(body, io.BytesIO):
        assert body.tell() == 0
    if isinstance(body, Iterator) and not hasattr(body, "read"):
        assert list(body) == [b"hel", b"lo"]


def test_a_server_that_knows_no_100_gets_the_body_in_time() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        assert read_request(file)[1] == b"hello"
        sock.sendall(OK)

    with Server(talk) as server:
        connection = server.connection(expect_timeout=0.05)
        connection.request("PUT", "/", b"hello", EXPECT)
        assert connection.getresponse().read() == b"ok"
        connection.close()


def test_without_the_option_or_the_header_nothing_waits() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        for _ in range(2):
            assert read_request(file)[1] == b"hello"
            sock.sendall(OK)

    with Server(talk) as server:
        connection = server.connection()
        connection.request("PUT", "/", b"hello", EXPECT)
        assert connection.getresponse().read() == b"ok"
        connection.expect_timeout = 1000
        connection.request("PUT", "/", b"hello", {"X-Expect": "100-continue"})
        assert connection.getresponse().read() == b"ok"
        connection.close()


def test_step_by_step_the_first_send_waits() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(REFUSAL)
        assert file.read() == b""

    with Server(talk) as server:
        connection = server.connection(expect_timeout=30)
        connection.putrequest("PUT", "/")
        connection.putheader("Content-Length", "5")
        connection.putheader("expect", "100-Continue")
        connection.endheaders()
        connection.send(b"hel")
        connection.send(b"lo")
        response = connection.getresponse()
        assert (response.status, response.read()) == (413, b"big")
        connection.close()


def refused_first(sock: socket.socket, file: BinaryIO) -> None:
    read_head(file)
    sock.sendall(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
    assert file.read() == b""


def test_417_is_an_answer() -> None:
    with Server(refused_first) as server:
        connection = server.connection(expect_timeout=30)
        connection.request("PUT", "/", b"hello", EXPECT)
        assert connection.getresponse().status == 417
        connection.close()


@pytest.mark.parametrize("which", range(len(bodies())))
def test_417_is_tried_again_without_expecting_when_asked(which: int) -> None:
    def second(sock: socket.socket, file: BinaryIO) -> None:
        head, body = read_request(file)
        assert b"expect" not in head.lower() and b"\r\nX: y\r\n" in head
        assert body == b"hello"
        sock.sendall(OK)

    with Server(refused_first, second) as server:
        connection = server.connection(expect_timeout=30, expect_retry=True)
        connection.request("PUT", "/", bodies()[which], {**EXPECT, "X": "y"})
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"ok")
        connection.close()


@pytest.mark.parametrize("reply", [b"", b"nonsense\r\n", b"HTTP/1.1 100 Go\r\nA: " + b"x" * 70000])
def test_what_is_wrong_with_the_answer_is_told_with_the_response(reply: bytes) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(reply)
        sock.shutdown(socket.SHUT_WR)
        file.read()

    with Server(talk) as server:
        connection = server.connection(expect_timeout=30)
        connection.request("PUT", "/", b"hello", EXPECT)
        expected = {b"": client.RemoteDisconnected, b"n": client.BadStatusLine, b"H": client.LineTooLong}
        with pytest.raises(expected[reply[:1]]):
            connection.getresponse()
        connection.close()


def test_endless_100s_end() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(b"HTTP/1.1 102 Wait\r\n\r\n" * 101)
        file.read()

    with Server(talk) as server:
        connection = server.connection(expect_timeout=30, skip_interim=True)
        connection.request("PUT", "/", b"hello", EXPECT)
        with pytest.raises(client.HTTPException, match="got more than 100 interim responses"):
            connection.getresponse()
        connection.close()


@pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n"])
def test_endless_interims_end_without_another_option(interim: bytes, over: Over) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        with contextlib.suppress(OSError):
            while True:
                sock.sendall(interim * 100)

    with Server(talk, **over[0]) as server:
        connection = server.connection(expect_timeout=30, **over[1])
        with pytest.raises(client.HTTPException, match="interim responses"):
            connection.request("PUT", "/", b"hello", EXPECT)
            connection.getresponse()
        connection.close()


def test_half_a_100_ends_no_patience(over: Over) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(CONTINUE[:15])
        assert file.read(5) == b"hello"
        sock.sendall(CONTINUE[15:] + OK)

    with Server(talk, **over[0]) as server:
        connection = server.connection(expect_timeout=0.1, **over[1])
        connection.request("PUT", "/", b"hello", EXPECT)
        assert connection.getresponse().read() == b"ok"
        connection.close()


def test_no_interim_is_the_response_whenever_it_comes() -> None:
    hint = b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n"

    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(hint + CONTINUE)
        file.read(5)
        sock.sendall(hint + OK)

    with Server(talk) as server:
        connection = server.connection(expect_timeout=30)
        connection.request("PUT", "/", b"hello", EXPECT)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"ok")
        assert [interim.status for interim in response.interim] == [103, 100, 103]
        connection.close()


def test_417_is_the_answer_where_no_connection_may_be_opened() -> None:
    with Server(refused_first) as server:
        connection = server.connection(expect_timeout=30, expect_retry=True)
        connection.connect()
        connection.auto_open = 0
        connection.request("PUT", "/", b"hello", EXPECT)
        assert connection.getresponse().status == 417
        connection.close()
