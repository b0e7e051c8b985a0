"""Where the sending of requests departs from `http.client` on purpose."""

from __future__ import annotations

import array
import socket
from typing import Any

import pytest
from loopback import OK, Peer, client, differs


@differs("refused-request")
@pytest.mark.parametrize("at_once", [True, False])
def test_nothing_of_a_refused_request_is_sent_with_the_next(at_once: bool) -> None:
    with Peer(OK) as peer:
        connection = peer.connection()
        with pytest.raises(ValueError, match="Invalid header value"):
            if at_once:
                connection.request("GET", "/refused", headers={"A": "b\r\nC: d"})
            else:
                connection.putrequest("GET", "/refused")
                connection.putheader("A", "b\r\nC: d")
        connection.close()
        connection.request("GET", "/good")
        assert connection.getresponse().read() == b"ok"
        assert peer.request.startswith(b"GET /good HTTP/1.1\r\n")
        assert b"refused" not in peer.request


def sent_for(url: str, **options: Any) -> list[bytes]:
    """The lines of the head that go out for a URL."""
    with Peer(OK) as peer:
        connection = peer.connection(**options)
        connection.request("GET", url)
        assert connection.getresponse().read() == b"ok"
    return peer.lines


@differs("credentials-in-host")
@pytest.mark.parametrize("user", ["user:secret@", "a@b@"])
def test_who_asks_is_not_in_host(user: str) -> None:
    lines = sent_for(f"http://{user}example.com:81/")
    assert lines[1] == b"Host: example.com:81"


@differs("zone-in-host")
def test_the_zone_of_an_absolute_url_is_left_out_and_its_port_is_not() -> None:
    assert sent_for("http://[fe80::1%25en0]:8080/")[1] == b"Host: [fe80::1]:8080"


@differs("zone-in-host")
@pytest.mark.parametrize("target", ["http://us%40er@example.com/", "http://us%40er@[::1]/"])
def test_a_percent_sign_in_a_url_is_no_zone(target: str) -> None:
    assert b"%" not in sent_for(target)[1]


@differs("delimiters-in-host")
@pytest.mark.parametrize("host", ["x\uff0fy", "x\uff20y", "x\uff03y", "x\uff1fy", "x\uff3cy"])
def test_a_host_that_becomes_something_else_in_ascii_is_refused(host: str) -> None:
    with Peer(OK) as peer:
        connection = peer.connection(host)
        with pytest.raises(client.InvalidURL):
            connection.request("GET", "/")
            connection.getresponse()


@differs("long-host")
def test_a_very_long_host_is_refused_before_it_is_encoded() -> None:
    # Of labels that are each in order: the codec takes time that grows with the square of all of it.
    with Peer(OK) as peer:
        connection = peer.connection("é." * 513)
        with pytest.raises(UnicodeError, match="too long"):
            connection.request("GET", "/")
            connection.getresponse()


@differs("last-chunk")
def test_an_empty_body_in_chunks_has_an_end() -> None:
    with Peer(OK) as peer:
        connection = peer.connection()
        connection.request("POST", "/", None, {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        assert connection.getresponse().read() == b"ok"
    assert peer.request.endswith(b"\r\n\r\n0\r\n\r\n")


@differs("array-chunks")
def test_a_chunk_is_counted_in_bytes() -> None:
    body = array.array("i", [1, 2, 3])
    with Peer(OK) as peer:
        connection = peer.connection()
        connection.request("POST", "/", body, {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        assert connection.getresponse().read() == b"ok"
    assert peer.request.endswith(b"\r\n\r\nC\r\n" + body.tobytes() + b"\r\n0\r\n\r\n")


class CountingSocket(socket.socket):
    """Keeps what it was told to send."""

    def __init__(self, address: Any) -> None:
        super().__init__()
        self.connect(address)
        self.sent: list[bytes] = []

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.sent.append(bytes(data))
        super().sendall(data, flags)


@differs("one-write")
@pytest.mark.parametrize("size", [1, 16384])
def test_a_small_body_travels_with_its_head(size: int) -> None:
    with Peer(OK) as peer, CountingSocket(peer.address) as sock:
        connection = peer.connection()
        connection._create_connection = lambda *_: sock
        connection.request("POST", "/", b"x" * size)
        assert connection.getresponse().read() == b"ok"
        assert sock.sent == [peer.request]


def test_a_large_body_is_not_copied_to_travel_with_its_head() -> None:
    with Peer(OK) as peer, CountingSocket(peer.address) as sock:
        connection = peer.connection()
        connection._create_connection = lambda *_: sock
        connection.request("POST", "/", body := b"x" * 100_000)
        assert connection.getresponse().read() == b"ok"
        assert sock.sent[1:] == [body]


@differs("ipv6", until=(3, 13))
def test_brackets_are_no_part_of_a_host() -> None:
    with Peer() as peer:
        assert peer.connection("[::1]", 80).host == "::1"


@differs("ipv6", until=(3, 11))
def test_a_zone_is_no_part_of_host() -> None:
    with Peer(OK) as peer:
        connection = peer.connection("fe80::1%eth0", 80)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
    assert peer.lines[1] == b"Host: [fe80::1]"


@differs("debug-tuple")
def test_a_tuple_can_be_sent_with_a_debug_level(capsys: pytest.CaptureFixture[str]) -> None:
    with Peer(OK) as peer:
        connection = peer.connection()
        connection.set_debuglevel(1)
        connection.request("POST", "/", (b"one", b"two"))
        assert connection.getresponse().read() == b"ok"
    assert peer.request.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    assert "Unable to determine size of (b'one', b'two')\n" in capsys.readouterr().out
