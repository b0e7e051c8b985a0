"""Extras under programs that make their connections themselves, and know of none: requests, on urllib3."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import BinaryIO

import pytest
from listening import CONTINUE, OK, Server, answers, read_head, read_request

# By name where `install` has put ours, and on the stock classes.
SWAPS = {"install": "straightwire.client", "patch": "http.client"}

REFUSAL = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"


def run(swap: str, code: str, server: Server) -> str:
    """What a program prints that talks to the server at `url`."""
    pytest.importorskip("requests")
    start = f"import straightwire; straightwire.{swap}(); from {SWAPS[swap]} import HTTPConnection; import requests\n"
    start += "url = 'http://{}:{}/'\n".format(*server.address)
    command = [sys.executable, "-c", start + code]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize("swap", SWAPS)
def test_the_body_waits_for_100(swap: str) -> None:
    def refuse(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(REFUSAL)
        assert file.read() == b""

    def accept(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(CONTINUE)
        assert file.read(5) == b"hello"
        sock.sendall(OK)

    code = """
HTTPConnection.expect_timeout = 30
for _ in range(2):
    response = requests.put(url, data=b"hello", headers={"Expect": "100-continue"})
    print(response.status_code, response.text)
"""
    with Server(refuse, accept) as server:
        assert run(swap, code, server) == "413 big\n200 ok\n"


@pytest.mark.parametrize("swap", SWAPS)
def test_a_refused_body_ends(swap: str) -> None:
    def refuse(sock: socket.socket, file: BinaryIO) -> None:
        read_head(file)
        sock.sendall(REFUSAL)
        done.recv(1)

    # urllib3 hands each piece to `send` and goes on to the last: the body has an end, but no room on the way.
    code = """
HTTPConnection.early_response = True
response = requests.put(url, data=(bytes(1 << 20) for _ in range(200)))
print(response.status_code, response.text)
"""
    done, tell = socket.socketpair()
    with done, tell, Server(refuse) as server:
        assert run(swap, code, server) == "413 big\n"
        tell.send(b".")


@pytest.mark.parametrize("swap", SWAPS)
def test_what_is_lost_is_sent_again(swap: str) -> None:
    def close_when_asked(sock: socket.socket, file: BinaryIO) -> None:
        read_request(file)
        sock.sendall(OK)
        file.peek(1)  # type: ignore[attr-defined]

    code = """
HTTPConnection.repeat_stale = True
with requests.Session() as session:
    print(session.get(url).text, session.put(url, data=b"hello").text)
"""
    with Server(close_when_asked, answers(OK)) as server:
        assert run(swap, code, server) == "ok ok\n"
        assert server.connections == 2


@pytest.mark.parametrize("swap", SWAPS)
def test_interim_responses_are_none(swap: str) -> None:
    code = """
HTTPConnection.on_interim = staticmethod(lambda interim: print(interim.status))
print(requests.get(url).text)
"""
    with Server(answers(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK)) as server:
        assert run(swap, code, server) == "103\nok\n"
