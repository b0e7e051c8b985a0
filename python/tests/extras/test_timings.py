"""`timed`: how long each phase took."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, BinaryIO

import pytest
from listening import OK, PATIENCE, Server, answers, read_request

Over = tuple[dict[str, Any], dict[str, Any]]
PAUSE = 0.05


class Slow:
    """Begins its answer, and ends it, a while after it was told to. So a phase that has begun by then is no shorter."""

    def __init__(self) -> None:
        self.told = threading.Semaphore(0)

    def __call__(self, sock: socket.socket, file: BinaryIO) -> None:
        for _ in range(2):
            read_request(file)
            self.pause()
            sock.sendall(OK[:-1])
            self.pause()
            sock.sendall(OK[-1:])

    def pause(self) -> None:
        assert self.told.acquire(timeout=PATIENCE)
        time.sleep(PAUSE)


@pytest.mark.parametrize("way", ["read", "parts", "into"])
def test_each_phase_is_told(way: str, over: Over) -> None:
    slow = Slow()
    with Server(slow, **over[0]) as server:
        connection = server.connection(timed=True, **over[1])
        for first in (True, False):
            connection.request("POST", "/", b"hello")
            slow.told.release()
            response = connection.getresponse()
            timings = response.timings
            assert timings is connection.timings
            assert timings.receive is None
            slow.told.release()
            if way == "read":
                response.read()
            elif way == "parts":
                while response.read(1):
                    pass
            else:
                while response.readinto(bytearray(1)):
                    pass
            names = ["connect", *(["tls"] if over[0] else [])] if first else []
            assert list(timings.phases()) == [*names, "send", "wait", "receive"]
            assert all(seconds > 0 for seconds in timings.phases().values())
            assert timings.wait >= PAUSE and timings.receive >= PAUSE
            assert timings.total == sum(timings.phases().values())
            assert "wait=" in repr(timings)
        connection.close()


def test_a_body_in_chunks_and_one_that_is_given_up() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    with Server(answers(chunked, chunked, OK)) as server:
        connection = server.connection(timed=True)
        for give_up in (False, True):
            connection.request("GET", "/")
            response = connection.getresponse()
            response.close() if give_up else response.read()
            assert response.timings.receive >= 0
        connection.close()


def test_a_failure_leaves_what_there_was() -> None:
    with Server(lambda sock, file: read_request(file)) as server:
        connection = server.connection(timed=True)
        connection.request("GET", "/")
        with pytest.raises(ConnectionError):
            connection.getresponse()
        assert list(connection.timings.phases())[:2] == ["connect", "send"]
        assert connection.timings.receive is None


def test_without_the_option_there_are_none() -> None:
    with Server(answers(OK)) as server:
        connection = server.connection()
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.timings is connection.timings is None
        connection.close()
