"""Where the reading of responses departs from `http.client` on purpose."""

from __future__ import annotations

import socket
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from loopback import OK, Peer, client, differs

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def get(peer: Peer, **options: Any) -> Any:
    """The response to a GET."""
    connection = peer.connection(**options)
    connection.request("GET", "/")
    return connection.getresponse()


@differs("bodiless-chunked")
@pytest.mark.parametrize("status", [101, 204, 304])
def test_a_status_without_a_body_has_none_whatever_its_coding(status: int) -> None:
    bodiless = b"HTTP/1.1 %d Whatever\r\nTransfer-Encoding: chunked\r\n\r\n" % status
    with Peer(bodiless, OK) as peer:
        connection = peer.connection()
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.status == status
        assert response.read() == b""
        assert response.isclosed()
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        assert len(peer.requests) == 1
        connection.close()


@differs("negative-chunk")
@pytest.mark.parametrize("size", [-1, -5])
@pytest.mark.parametrize("amount", [None, 3])
def test_a_negative_chunk_size_is_none(size: int, amount: int | None) -> None:
    # The connection stays open: whoever reads to its end waits for ever.
    with Peer(CHUNKED + b"2\r\nok\r\n%d\r\nhello\r\n" % size, OK) as peer:
        response = get(peer)
        with pytest.raises(client.IncompleteRead) as caught:
            response.read(amount)
        assert caught.value.partial == b"ok"
        assert response.isclosed()


@differs("peek-beyond")
def test_peek_shows_nothing_from_beyond_the_body() -> None:
    with Peer(HEAD + b"Content-Length: 5\r\n\r\nhello" + OK) as peer:
        response = get(peer)
        assert response.peek(100) == b"hello"
        assert response.read(3) == b"hel"
        assert response.peek(100) == b"lo"
        assert response.read() == b"lo"


@differs("closed-unread")
@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 400000\r\n\r\n" + b"HTTP/1.1 200 Forged\r\n\r\n" * 16000,
        CHUNKED + b"64000\r\n" + b"x" * 0x64000 + b"\r\n0\r\n\r\n",
    ],
    ids=["length", "chunked"],
)
def test_what_was_left_unread_is_not_the_next_response(answer: bytes) -> None:
    with Peer(answer, OK) as peer:
        connection = peer.connection()
        connection.request("GET", "/")
        with connection.getresponse() as response:
            response.read(10)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.reason, response.read()) == ("OK", b"ok")
        assert len(peer.requests) == 2
        connection.close()


@differs("closed-unread")
def test_what_follows_a_broken_chunk_is_not_the_next_response() -> None:
    # More than any buffer takes in at once.
    with Peer(CHUNKED + b"zz\r\n" + b"HTTP/1.1 200 Forged\r\n\r\n" * 16000, OK) as peer:
        connection = peer.connection()
        connection.request("GET", "/")
        with pytest.raises(client.IncompleteRead):
            connection.getresponse().read()
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.reason, response.read()) == ("OK", b"ok")
        connection.close()


@differs("closed-under-way")
def test_what_was_left_unread_is_not_the_answer_to_a_request_that_is_out() -> None:
    # More than any buffer takes in at once.
    with Peer(
        HEAD + b"Content-Length: 400000\r\n\r\n" + b"HTTP/1.1 200 Forged\r\n\r\n" * 20000, OK, OK
    ) as peer:
        connection = peer.connection()
        connection.request("GET", "/1")
        response = connection.getresponse()
        connection.request("GET", "/2")
        response.read(10)
        response.close()
        with pytest.raises(client.RemoteDisconnected, match="closed with the response before"):
            connection.getresponse()
        assert connection.sock is None
        connection.close()


@differs("promises", until=(3, 13, 11))
@pytest.mark.parametrize("promise", [b"Content-Length: 1073741824\r\n\r\n", b"chunked"])
@pytest.mark.parametrize("amount", [None, 1 << 30])
def test_a_promise_takes_no_memory(promise: bytes, amount: int | None) -> None:
    answer = CHUNKED + b"40000000\r\nhello" if promise == b"chunked" else HEAD + promise + b"hello"
    with Peer(answer) as peer:
        response = get(peer)
        tracemalloc.start()
        try:
            data = response.read(amount)
        except client.IncompleteRead as fault:
            data = (fault.__cause__ or fault).partial
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert data == b"hello"
        assert peak < 16 << 20


@differs("huge-sizes", until=(3, 15))
@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 100000000000000000000\r\n\r\nhello",
        CHUNKED + b"ffffffffffffffffffff\r\nhello",
    ],
    ids=["length", "chunked"],
)
def test_a_size_that_no_machine_can_hold_is_a_short_body(answer: bytes) -> None:
    with Peer(answer) as peer, pytest.raises(client.IncompleteRead):
        get(peer).read()


@differs("interim-cap", until=(3, 15))
def test_interim_responses_are_counted() -> None:
    with (
        Peer(b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + OK) as peer,
        pytest.raises(client.HTTPException, match="got more than 100 interim responses"),
    ):
        get(peer)


def test_interim_responses_may_be_many() -> None:
    with Peer(b"HTTP/1.1 100 Continue\r\n\r\n" * 99 + OK) as peer:
        assert get(peer).read() == b"ok"


@differs("trailer-cap", until=(3, 15))
@pytest.mark.parametrize("amount", [None, 100])
def test_trailers_are_counted(amount: int | None) -> None:
    with (
        Peer(CHUNKED + b"2\r\nok\r\n0\r\n" + b"A: b\r\n" * 101 + b"\r\n") as peer,
        pytest.raises(client.HTTPException, match="got more than 100 trailers"),
    ):
        get(peer).read(amount)


def test_trailers_may_be_many() -> None:
    with Peer(CHUNKED + b"2\r\nok\r\n0\r\n" + b"A: b\r\n" * 100 + b"\r\n") as peer:
        assert get(peer).read() == b"ok"


@differs("header-cap", until=(3, 15))
def test_the_cap_on_headers_is_the_callers() -> None:
    answer = HEAD + b"A: b\r\n" * 150 + b"Content-Length: 0\r\n\r\n"
    with Peer(answer, answer) as peer:
        assert len(get(peer, max_response_headers=151).getheaders()) == 151
        with pytest.raises(client.HTTPException, match="got more than 150 headers"):
            get(peer, max_response_headers=150)


@differs("header-cap", until=(3, 15))
def test_a_hundred_headers_are_not_more_than_a_hundred() -> None:
    with Peer(HEAD + b"A: b\r\n" * 99 + b"Content-Length: 0\r\n\r\n") as peer:
        assert len(get(peer).getheaders()) == 100


@differs("read-minus-one", until=(3, 13, 2))
@pytest.mark.parametrize("answer", [OK, CHUNKED + b"2\r\nok\r\n0\r\n\r\n"], ids=["length", "chunked"])
def test_a_negative_amount_is_all_there_is(answer: bytes) -> None:
    with Peer(answer + OK) as peer:
        assert get(peer).read(-1) == b"ok"


@differs("chained", until=(3, 11))
@pytest.mark.parametrize("amount", [None, 100])
def test_what_came_of_a_chunk_is_not_lost(amount: int | None) -> None:
    with Peer(CHUNKED + b"2\r\nok\r\n9\r\nhello") as peer:
        response = get(peer)
        with pytest.raises(client.IncompleteRead) as caught:
            response.read(amount)
        assert caught.value.partial == b"ok"
        cause = caught.value.__cause__
        assert (type(cause), cause.partial, cause.expected) == (client.IncompleteRead, b"hello", 4)


@differs("end-at-once", until=(3, 13))
@pytest.mark.parametrize("method", ["read1", "readline"])
@pytest.mark.parametrize("amount", [(), (2,), (50,)])
def test_the_last_of_a_body_ends_the_response(method: str, amount: tuple[int, ...]) -> None:
    with Peer(OK, OK) as peer:
        connection = peer.connection()
        connection.request("GET", "/")
        response = connection.getresponse()
        assert getattr(response, method)(*amount) == b"ok"
        assert response.isclosed()
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        connection.close()


@differs("read-ahead")
@pytest.mark.parametrize(
    "look",
    [lambda it: it.peek(), lambda it: it.read1(), lambda it: bytes(it.fp.readinto1(bytearray(12_000)))],
)
def test_what_has_been_received_is_shown_in_one_piece(look: Callable[[Any], bytes]) -> None:
    # A pair keeps pieces whole, so it is known what one receive gives.
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(HEAD + b"\r\n" + b"x" * 12_000 + b"y" * 12_000)
        theirs.close()
        response = client.HTTPResponse(ours)
        response.begin()
        assert len(look(response)) > 8192
        response.close()


def test_what_follows_a_switch_of_protocols_is_in_the_file() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello")
        response = client.HTTPResponse(ours)
        response.begin()
        assert (response.status, response.length) == (101, 0)
        assert response.fp.read(5) == b"hello"
        theirs.sendall(b"more")
        assert ours.recv(4) == b"more"
        response.close()


def test_a_head_that_comes_too_late_leaves_what_came() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.01)
        theirs.sendall(HEAD + b"Content-Length: 2\r\n")
        response = client.HTTPResponse(ours)
        with pytest.raises(TimeoutError, match="^timed out$"):
            response.begin()
        assert (response.status, response.reason, response.version) == (200, "OK", 11)
        assert response.length == "UNKNOWN"
        response.close()


@pytest.mark.parametrize("name", ["headers", "msg"])
def test_what_stood_in_place_of_the_headers_gives_way(name: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
        response = client.HTTPResponse(ours)
        setattr(response, name, None)
        response.begin()
        assert response.msg is response.headers
        assert response.headers["content-length"] == "0"
        response.close()
