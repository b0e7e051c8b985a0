"""`early_response`: a server that has refused the body isn't sent the rest of it (RFC 9112 9.5)."""

from __future__ import annotations

import io
import itertools
import socket
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
from listening import CONTINUE, LARGE, OK, Server, client, read_head, read_request

REFUSAL = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
Over = tuple[dict[str, Any], dict[str, Any]]


def endless() -> Iterator[bytes]:
    return itertools.repeat(b"x" * 10000)


class Endless(io.RawIOBase):
    """A file without an end."""

    def read(self, size: int = -1) -> bytes:
        return b"x" * size


KINDS = {
    "bytes": lambda: bytes(LARGE),
    "view": lambda: memoryview(bytearray(LARGE)).cast("I"),
    "file": Endless,
    "iterator": endless,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_answers_and_stops_reading(kind: str, over: Over) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(REFUSAL)
        # It neither reads nor closes until the client does.
        done.recv(1)

    done, tell = socket.socketpair()
    with done, tell, Server(talk, **over[0]) as server:
        connection = server.connection(early_response=True, **over[1])
        connection.request("POST", "/", KINDS[kind]())
        response = connection.getresponse()
        assert (response.status, response.read()) == (413, b"big")
        assert response.will_close and connection.sock is None
        tell.send(b".")
        connection.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_answers_and_breaks_the_connection(kind: str, over: Over) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        file.read(100000)
        # What it leaves unread makes it a reset.
        sock.sendall(REFUSAL)

    def accept(sock: socket.socket, file: BinaryIO) -> None:
        read_request(file)
        sock.sendall(OK)

    with Server(talk, accept, **over[0]) as server:
        connection = server.connection(early_response=True, **over[1])
        connection.request("POST", "/", KINDS[kind]())
        assert connection.getresponse().status == 413
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        connection.close()


def test_a_whole_body_is_sent_where_nobody_refuses_it(over: Over) -> None:
    body = bytes(range(256)) * 40000

    def talk(sock: socket.socket, file: BinaryIO) -> None:
        for interim in (b"", CONTINUE, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"):
            head = read_head(file)
            sock.sendall(interim)
            if b"chunked" in head:
                read = b""
                while size := int(file.readline(), 16):
                    read += file.read(size)
                    file.readline()
                file.readline()
            else:
                read = file.read(len(body))
            assert read == body
            sock.sendall(OK)

    with Server(talk, **over[0]) as server:
        connection = server.connection(early_response=True, skip_interim=True, **over[1])
        for sent in (body, io.BytesIO(body), (body[at : at + 70000] for at in range(0, len(body), 70000))):
            connection.request("POST", "/", sent)
            assert connection.getresponse().read() == b"ok"
        connection.close()
        assert server.connections == 1


def test_an_early_answer_that_refuses_nothing_stops_nothing() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(OK)
        assert len(file.read(LARGE)) == LARGE
        read_request(file)
        sock.sendall(OK)

    with Server(talk) as server:
        connection = server.connection(early_response=True)
        for body in (bytes(LARGE), None):
            connection.request("POST", "/", body)
            assert connection.getresponse().read() == b"ok"
        connection.close()


def test_an_answer_with_close_stops_the_body_whatever_its_status() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        done.recv(1)

    done, tell = socket.socketpair()
    with done, tell, Server(talk) as server:
        connection = server.connection(early_response=True)
        connection.request("POST", "/", endless())
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"ok")
        tell.send(b".")


def test_a_break_without_an_answer_is_an_error() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)

    with Server(talk) as server:
        connection = server.connection(early_response=True)
        with pytest.raises((ConnectionError, client.RemoteDisconnected)):
            connection.request("POST", "/", endless())
            connection.getresponse()
        connection.close()


def test_a_server_that_neither_reads_nor_answers_is_waited_for_so_long() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        done.recv(1)

    done, tell = socket.socketpair()
    with done, tell, Server(talk) as server:
        connection = client.HTTPConnection(*server.address, timeout=0.2, early_response=True)
        with pytest.raises(TimeoutError):
            connection.request("POST", "/", endless())
        connection.close()
        tell.send(b".")


def test_what_else_is_sent_after_the_answer_goes_nowhere() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(REFUSAL)
        done.recv(1)

    done, tell = socket.socketpair()
    with done, tell, Server(talk) as server:
        connection = server.connection(early_response=True)
        connection.putrequest("POST", "/")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        for _ in range(10000):
            connection.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        connection.endchunks()
        assert connection.getresponse().status == 413
        tell.send(b".")


def test_without_the_option_the_body_is_sent_on() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(REFUSAL)
        done.recv(1)

    done, tell = socket.socketpair()
    with done, tell, Server(talk) as server:
        connection = client.HTTPConnection(*server.address, timeout=0.5)
        with pytest.raises(TimeoutError):
            connection.request("POST", "/", endless())
        connection.close()
        tell.send(b".")


def test_half_an_answer_stops_nothing(over: Over) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(OK[:20])
        assert len(file.read(LARGE)) == LARGE
        sock.sendall(OK[20:])

    with Server(talk, **over[0]) as server:
        connection = server.connection(early_response=True, **over[1])
        connection.request("POST", "/", bytes(LARGE))
        assert connection.getresponse().read() == b"ok"
        connection.close()


def test_an_answer_is_had_though_the_server_reads_no_more_for_it(over: Over) -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(OK)
        tell.send(b".")
        # It neither reads nor closes until the client does.
        tell.recv(1)

    def body() -> Iterator[bytes]:
        yield b"x"
        assert told.recv(1)
        yield from endless()

    told, tell = socket.socketpair()
    with told, tell, Server(talk, **over[0]) as server:
        connection = server.connection(early_response=True, **over[1])
        connection.connect()
        connection.sock.settimeout(0.2)
        connection.request("POST", "/", body())
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"ok")
        assert connection.sock is None
        told.send(b".")


def test_no_interim_is_the_response() -> None:
    def talk(sock: socket.socket, file: BinaryIO) -> None:
        read_request(file)
        sock.sendall(b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + OK)

    with Server(talk) as server:
        connection = server.connection(early_response=True)
        connection.request("POST", "/", b"x")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"ok")
        connection.close()
