"""Where tunnels depart from `http.client` on purpose."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from loopback import OK, Peer, client, differs

GRANTED = b"HTTP/1.1 200 Granted\r\nVia: proxy\r\n\r\n"


@differs("tunnel-lines", until=(3, 15))
@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("example.com\r\nX: y", {}),
        ("example.com y", {}),
        ("example.com", {"A": "b\r\nX: y"}),
        ("example.com", {"A\r\nX": "y"}),
        ("example.com", {"A: b": "y"}),
    ],
)
def test_a_tunnel_is_asked_for_by_one_request_only(host: str, headers: dict[str, Any]) -> None:
    with Peer(GRANTED) as peer:
        connection = peer.connection()
        connection.set_tunnel(host, 443, headers)
        with pytest.raises(ValueError):
            connection.connect()
        connection.close()
    assert peer.requests in ([], [[]])


@differs("tunnel-values", since=(3, 15))
def test_values_of_tunnel_headers_need_not_be_text() -> None:
    with Peer(GRANTED, OK) as peer:
        connection = peer.connection()
        connection.set_tunnel("example.com", 443, {"A": 1, "B": None})
        connection.connect()
        connection.close()
    assert {b"A: 1", b"B: None"} < set(peer.lines)


@differs("ipv6", until=(3, 13))
def test_the_target_of_a_tunnel_has_brackets() -> None:
    with Peer(GRANTED, OK) as peer:
        connection = peer.connection()
        connection.set_tunnel("::1", 443)
        connection.connect()
        connection.close()
    assert peer.lines[0].startswith(b"CONNECT [::1]:443 HTTP/1.")


@differs("ipv6")
@pytest.mark.skipif(sys.version_info < (3, 12), reason="no Host in requests for tunnels before 3.12")
def test_the_host_of_a_tunnel_has_brackets() -> None:
    with Peer(GRANTED, OK) as peer:
        connection = peer.connection()
        connection.set_tunnel("::1", 443)
        connection.connect()
        connection.close()
    assert peer.lines[1] == b"Host: [::1]:443"


@differs("tunnel-headers", until=(3, 12))
def test_headers_of_a_tunnel_are_the_callers_no_more() -> None:
    headers = {"A": "b"}
    with Peer(GRANTED, OK) as peer:
        connection = peer.connection()
        connection.set_tunnel("example.com", 443, headers)
        headers["C"] = "d"
        connection.connect()
        connection.close()
    assert b"A: b" in peer.lines
    assert b"C: d" not in peer.lines


@differs("tunnel-headers", until=(3, 12))
def test_what_the_proxy_answered_can_be_asked_for() -> None:
    with Peer(GRANTED, OK) as peer:
        connection = peer.connection()
        connection.set_tunnel("example.com", 443)
        assert connection.get_proxy_response_headers() is None
        connection.connect()
        assert connection.get_proxy_response_headers().items() == [("Via", "proxy")]
        connection.close()


@differs("proxy-header-cap", until=(3, 12))
def test_headers_of_the_proxy_are_counted() -> None:
    with Peer(b"HTTP/1.1 200 Granted\r\n" + b"A: b\r\n" * 150 + b"\r\n", OK) as peer:
        connection = peer.connection()
        connection.set_tunnel("example.com", 443)
        with pytest.raises(client.HTTPException, match="got more than 100 headers"):
            connection.connect()
        connection.close()


@differs("half-open")
@pytest.mark.parametrize("kind", ["HTTPConnection", "HTTPSConnection"])
def test_where_no_tunnel_came_about_nothing_is_sent_to_the_proxy(kind: str) -> None:
    answer = b"HTTP/1.1 2OO Granted\r\n\r\n"
    with Peer(answer, answer) as peer:
        connection = peer.connection(kind=kind)
        connection.set_tunnel("example.com", 443)
        with pytest.raises(client.BadStatusLine):
            connection.connect()
        with pytest.raises(client.BadStatusLine):
            connection.request("GET", "/secret")
        connection.close()
    assert [len(requests) for requests in peer.requests] == [1, 1]


@differs("half-open")
def test_where_tls_did_not_begin_nothing_is_sent_in_the_clear() -> None:
    with Peer(OK) as peer:
        # Without a name there is nothing to check the certificate against.
        connection = peer.connection("", kind="HTTPSConnection")
        with pytest.raises(ValueError, match="server_hostname"):
            connection.connect()
        assert connection.sock is None
        with pytest.raises(ValueError, match="server_hostname"):
            connection.request("GET", "/secret")
        connection.close()
    assert peer.requests in ([], [[]], [[], []])
