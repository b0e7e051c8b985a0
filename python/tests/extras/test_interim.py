"""`skip_interim`, `on_interim`, `interim`: responses before the response. `upgrade`: what follows instead of one."""

from __future__ import annotations

import contextlib
import socket
from typing import Any, BinaryIO

import pytest
from listening import CONTINUE, OK, Server, answers, client, read_head

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
ODD = b"HTTP/1.1 103 Early Hints\r\nBad line\r\nLink: </b.css>\r\n\r\n"
Over = tuple[dict[str, Any], dict[str, Any]]


def get(server: Server, **options: Any) -> Any:
    """The response to a GET."""
    connection = server.connection(**options)
    connection.request("GET", "/")
    return connection.getresponse()


def test_they_are_kept_in_order() -> None:
    with Server(answers(CONTINUE + HINTS + HINTS + OK)) as server:
        response = get(server, skip_interim=True)
        assert (response.status, response.read()) == (200, b"ok")
        assert [interim.status for interim in response.interim] == [100, 103, 103]
        status, reason, headers = response.interim[1]
        assert (status, reason, headers["link"]) == (103, "Early Hints", "</a.css>; rel=preload")
        assert isinstance(headers, client.HTTPMessage)


def test_they_are_told_when_they_come() -> None:
    seen = []

    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        for _ in range(3):
            sock.sendall(HINTS)
            assert told.recv(1) == b"."
        sock.sendall(OK)

    def note(interim: Any) -> None:
        seen.append(interim.status)
        tell.send(b".")

    told, tell = socket.socketpair()
    with told, tell, Server(talk) as server:
        response = get(server, on_interim=note)
        assert (response.status, response.read()) == (200, b"ok")
    assert seen == [103, 103, 103]


def test_without_the_option_the_first_but_100_is_the_response() -> None:
    with Server(answers(CONTINUE + HINTS + OK)) as server:
        response = get(server)
        assert (response.status, list(response.interim)) == (103, [])


def test_one_with_odd_lines() -> None:
    with Server(answers(ODD + OK), answers(ODD + OK)) as server:
        response = get(server, skip_interim=True)
        assert (response.status, response.interim[0].headers["link"]) == (200, None)
        response = get(server, skip_interim=True, lenient_headers=True)
        assert (response.status, response.interim[0].headers["link"]) == (200, "</b.css>")


@pytest.mark.parametrize("interim", [CONTINUE, HINTS, ODD])
def test_there_is_an_end_to_them(interim: bytes) -> None:
    with (
        Server(answers(interim * 101)) as server,
        pytest.raises(client.HTTPException, match="got more than 100 interim responses"),
    ):
        get(server, skip_interim=True)


def test_what_is_kept_of_them_is_limited() -> None:
    large = b"HTTP/1.1 103 Early Hints\r\n" + b"".join(b"A%d: %s\r\n" % (n, b"x" * 60000) for n in range(20))

    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        # The client leaves in the middle.
        with contextlib.suppress(OSError):
            sock.sendall((large + b"\r\n") * 3)

    with (
        Server(talk) as server,
        pytest.raises(client.HTTPException, match="got more than 1048576 bytes of interim responses"),
    ):
        get(server, skip_interim=True)


def test_what_the_callback_raises_is_raised() -> None:
    def refuse(interim: Any) -> None:
        raise LookupError(interim.status)

    with Server(answers(HINTS + OK)) as server, pytest.raises(LookupError, match="103"):
        get(server, on_interim=refuse)


def echo(sock: socket.socket, file: BinaryIO) -> None:
    """Says what it hears, until the other side ends."""
    while line := file.readline():
        sock.sendall(line.upper())


@pytest.mark.parametrize("skip", [False, True])
def test_after_101_the_socket_is_the_callers(skip: bool, over: Over) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nhello\n"
        )
        echo(sock, file)

    with Server(talk, answers(OK), **over[0]) as server:
        connection = server.connection(skip_interim=skip, **over[1])
        connection.request("GET", "/", headers={"Connection": "upgrade", "Upgrade": "echo"})
        response = connection.getresponse()
        assert response.status == 101
        sock, first = response.upgrade()
        assert response.isclosed()
        # The connection has nothing to do with it any more.
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        connection.close()
        with sock, sock.makefile("rb") as file:
            while b"\n" not in first:
                first += file.readline()
            assert first == b"hello\n"
            sock.sendall(b"world\n")
            assert file.readline() == b"WORLD\n"


def test_closing_the_connection_leaves_it_alone() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        echo(sock, file)

    with Server(talk) as server:
        connection = server.connection()
        connection.request("GET", "/")
        response = connection.getresponse()
        # Nothing has come yet: that is not waited for.
        sock, first = response.upgrade()
        assert first == b""
        connection.close()
        response.close()
        with sock:
            sock.sendall(b"world\n")
            assert sock.recv(6, socket.MSG_WAITALL) == b"WORLD\n"


def test_after_connect_it_is_the_tunnel() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        assert read_head(file).startswith(b"CONNECT example:443 HTTP/1.1\r\n")
        sock.sendall(b"HTTP/1.1 200 Connected\r\n\r\nhello")
        echo(sock, file)

    with Server(talk) as server:
        connection = server.connection()
        connection.request("CONNECT", "example:443")
        sock, first = connection.getresponse().upgrade()
        del connection
        with sock:
            while len(first) < 5:
                first += sock.recv(5)
            assert first == b"hello"
            sock.sendall(b"world\n")
            assert sock.recv(6, socket.MSG_WAITALL) == b"WORLD\n"


def test_there_is_nothing_to_upgrade_to_after_others() -> None:
    with Server(answers(OK)) as server:
        response = get(server)
        with pytest.raises(client.ResponseNotReady, match="no other protocol follows 200"):
            response.upgrade()
        assert response.read() == b"ok"
