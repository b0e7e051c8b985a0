"""`repeat_stale`: kept connections that the server has closed meanwhile."""

from __future__ import annotations

import contextlib
import select
import socket
from typing import Any, BinaryIO

import pytest
from listening import CONTINUE, LARGE, OK, Server, answers, client, read_head, read_request

Over = tuple[dict[str, Any], dict[str, Any]]


NONE: dict[str, str] = {}


def exchange(connection: Any, method: str = "GET", body: Any = None, headers: Any = NONE) -> bytes:
    """The body of an answer."""
    connection.request(method, "/", body, headers)
    data: bytes = connection.getresponse().read()
    return data


def close_when_asked(sock: socket.socket, file: BinaryIO) -> None:
    """Answers once, and closes when the next request has come: all of it, or closing would be a reset."""
    read_request(file)
    sock.sendall(OK)
    read_request(file)


def close_behind_the_head(sock: socket.socket, file: BinaryIO) -> None:
    """The same without the body, which may still be on its way."""
    read_request(file)
    sock.sendall(OK)
    read_head(file)


def reset_when_asked(sock: socket.socket, file: BinaryIO) -> None:
    """The same with a reset: some of the request is left unread."""
    read_request(file)
    sock.sendall(OK)
    sock.recv(1)


def wait_for_the_end(connection: Any) -> None:
    """Until the server has closed."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLRDHUP)
    assert poll.poll(30000)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_dead_connection_is_left_before_anything_is_sent(method: str, over: Over) -> None:
    with Server(answers(OK), answers(OK), **over[0]) as server:
        connection = server.connection(repeat_stale=True, **over[1])
        assert exchange(connection) == b"ok"
        wait_for_the_end(connection)
        # Nothing was lost, so it may be any method.
        assert exchange(connection, method, b"body") == b"ok"
        assert server.connections == 2
        connection.close()


def test_one_with_bytes_that_nobody_asked_for_is_left_too() -> None:
    forged = b"HTTP/1.1 200 Forged\r\nContent-Length: 6\r\n\r\nforged"

    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_request(file)
        sock.sendall(OK)
        assert told.recv(1)
        sock.sendall(forged)

    told, tell = socket.socketpair()
    with told, tell, Server(talk, answers(OK)) as server:
        connection = server.connection(repeat_stale=True)
        assert exchange(connection) == b"ok"
        tell.send(b".")
        connection.sock.recv(1, socket.MSG_PEEK)
        assert exchange(connection) == b"ok"
        connection.close()


def test_a_live_one_is_kept(over: Over) -> None:
    with Server(answers(*[OK] * 5), **over[0]) as server:
        connection = server.connection(repeat_stale=True, **over[1])
        assert [exchange(connection, "PUT", b"x") for _ in range(5)] == [b"ok"] * 5
        assert server.connections == 1
        connection.close()


@pytest.mark.parametrize("talk", [close_when_asked, reset_when_asked])
@pytest.mark.parametrize(
    "method, body", [("GET", None), ("PUT", b"hello"), ("PUT", "text"), ("DELETE", None)]
)
def test_what_is_lost_is_sent_again(talk: Any, method: str, body: Any, over: Over) -> None:
    seen = []

    def second(sock: socket.socket, file: BinaryIO) -> None:
        seen.append(read_request(file))
        sock.sendall(OK)

    with Server(talk, second, **over[0]) as server:
        connection = server.connection(repeat_stale=True, **over[1])
        assert exchange(connection) == b"ok"
        assert exchange(connection, method, body, {"X": "y"}) == b"ok"
        connection.close()
    ((head, came),) = seen
    assert head.startswith(method.encode() + b" / HTTP/1.1\r\n") and b"\r\nX: y" in head
    assert came == (body.encode() if isinstance(body, str) else body or b"")


def test_a_large_body_is_sent_again() -> None:
    body = bytes(range(256)) * 100000

    def second(sock: socket.socket, file: BinaryIO) -> None:
        assert read_request(file)[1] == body
        sock.sendall(OK)

    with Server(reset_when_asked, second) as server:
        connection = server.connection(repeat_stale=True)
        assert exchange(connection) == b"ok"
        assert exchange(connection, "PUT", body) == b"ok"
        connection.close()


def test_post_is_repeated_for_those_who_say_so() -> None:
    with Server(close_when_asked, close_when_asked, answers(OK)) as server:
        connection = server.connection(repeat_stale=True)
        assert exchange(connection) == b"ok"
        with pytest.raises(client.RemoteDisconnected):
            exchange(connection, "POST", b"x")
        assert exchange(connection) == b"ok"
        connection.repeat_stale = "any"
        assert exchange(connection, "POST", b"x") == b"ok"
        connection.close()


@pytest.mark.parametrize("body", [iter([b"a"]), [b"a", b"b"], bytearray(b"ab")])
def test_a_body_that_may_be_another_by_now_is_not(body: Any) -> None:
    with Server(close_when_asked, answers(OK)) as server:
        connection = server.connection(repeat_stale=True)
        assert exchange(connection) == b"ok"
        with pytest.raises(ConnectionError):
            exchange(connection, "PUT", body)
        assert server.connections == 1
        connection.close()


@pytest.mark.parametrize("start", [b"H", b"HTTP/1.1 200 OK\r\n", CONTINUE])
def test_an_answer_that_has_begun_is_not_asked_for_again(start: bytes) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_request(file)
        sock.sendall(OK)
        read_request(file)
        sock.sendall(start)

    with Server(talk, answers(OK)) as server:
        connection = server.connection(repeat_stale=True)
        assert exchange(connection) == b"ok"
        with contextlib.suppress(client.HTTPException, ConnectionError):
            exchange(connection)
        assert server.connections == 1
        connection.close()


def test_a_new_connection_that_fails_is_not_repeated() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)

    with Server(talk, answers(OK)) as server:
        connection = server.connection(repeat_stale=True)
        with pytest.raises(client.RemoteDisconnected):
            exchange(connection)
        assert server.connections == 1
        connection.close()


def test_it_is_repeated_once() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)

    with Server(close_when_asked, talk, answers(OK)) as server:
        connection = server.connection(repeat_stale=True)
        assert exchange(connection) == b"ok"
        with pytest.raises(client.RemoteDisconnected):
            exchange(connection)
        assert server.connections == 2
        connection.close()


def test_a_head_that_waits_for_100_is_sent_again() -> None:
    def second(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(CONTINUE)
        assert file.read(5) == b"hello"
        sock.sendall(OK)

    with Server(close_behind_the_head, second) as server:
        connection = server.connection(repeat_stale=True, expect_timeout=30)
        assert exchange(connection) == b"ok"
        assert (
            exchange(connection, "PUT", iter([b"hello"]), {"Expect": "100-continue", "Content-Length": "5"})
            == b"ok"
        )
        connection.close()


def test_without_the_option_it_is_an_error() -> None:
    with Server(answers(OK), answers(OK)) as server:
        connection = server.connection()
        assert exchange(connection) == b"ok"
        wait_for_the_end(connection)
        with pytest.raises(ConnectionError):
            exchange(connection)
        connection.close()


@pytest.mark.parametrize("reads", [0, 100000])
def test_what_is_sent_again_may_be_refused_early(reads: int, over: Over) -> None:
    def refuse(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        file.read(reads)
        sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        if not reads:
            # It stops reading; else what it leaves unread makes it a reset.
            done.recv(1)

    done, tell = socket.socketpair()
    with done, tell, Server(close_behind_the_head, refuse, **over[0]) as server:
        connection = server.connection(repeat_stale=True, early_response=True, **over[1])
        assert exchange(connection) == b"ok"
        connection.request("PUT", "/", bytes(LARGE))
        response = connection.getresponse()
        assert (response.status, response.read()) == (413, b"big")
        assert server.connections == 2
        connection.close()
        tell.send(b".")
