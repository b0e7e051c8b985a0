"""Request heads: what the Rust side writes is what http.client writes, and what it leaves is left to Python."""

from __future__ import annotations

import http.client
import itertools

import pytest

from straightwire._engine import field_line, join_head


class Wire:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data


def stock_head(method: str, target: str, headers: dict) -> bytes:
    conn = http.client.HTTPConnection("example.test", 8080)
    conn.sock = Wire()
    conn.request(method, target, headers=headers)
    return conn.sock.sent


@pytest.mark.parametrize(
    ("method", "target", "headers", "length"),
    [
        ("GET", "/", {}, -1),
        ("POST", "/a?b=%20c", {"X-Number": 5, "X-Bytes": b"\xff", "X-Latin": "\xe9"}, 0),
        ("PUT", "/", {"content-LENGTH": "0", "hOsT": "other", "Accept-encoding": "gzip"}, 7),
        ("purge it", "/#x", {"Spaced name": "a\tb", "Nul": "\0", "Empty": "", "(odd)": "\x7f\x0b"}, -1),
        ("", "/", {"Big": 2**62, "Negative": -3}, -1),
    ],
)
def test_heads_are_those_of_http_client(method: str, target: str, headers: dict, length: int) -> None:
    ours = join_head(method, target, b"example.test:8080", length, headers)
    assert ours == stock_head(method, target, headers)


class Text(str):
    pass


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET\r\n", "/", {}),
        ("GET\x1f", "/", {}),
        ("G\xcbT", "/", {}),
        (Text("GET"), "/", {}),
        (b"GET", "/", {}),
        ("GET", "", {}),
        ("GET", "http://a/", {}),
        ("GET", "/a b", {}),
        ("GET", "/\x7f", {}),
        ("GET", "/\xe9", {}),
        ("GET", None, {}),
        ("GET", "/", {"A": "b\r\nC: d"}),
        ("GET", "/", {"A": "b\r\n c"}),
        ("GET", "/", {"A": b"b\n"}),
        ("GET", "/", {"A": "\u20ac"}),
        ("GET", "/", {"A": "\ud800"}),
        ("GET", "/", {"A": 1.5}),
        ("GET", "/", {"A": True}),
        ("GET", "/", {"A": None}),
        ("GET", "/", {"A": 10**30}),
        ("GET", "/", {b"A": "b"}),
        ("GET", "/", {Text("A"): "b"}),
        ("GET", "/", {"": "b"}),
        ("GET", "/", {" A": "b"}),
        ("GET", "/", {"A:": "b"}),
        ("GET", "/", {"A\r\nB": "b"}),
        ("GET", "/", {"\xe9": "b"}),
        ("GET", "/", {"Transfer-Encoding": "chunked"}),
    ],
)
def test_whatever_is_odd_is_left_to_python(method: object, target: object, headers: dict) -> None:
    assert join_head(method, target, b"h", -1, headers) is None


@pytest.mark.parametrize("headers", [[("A", "b")], None, 5, http.client.HTTPMessage()])
def test_headers_that_are_no_dict_are_left_to_python(headers: object) -> None:
    assert join_head("GET", "/", b"h", -1, headers) is None


def test_a_host_is_needed_unless_the_headers_have_one() -> None:
    assert join_head("GET", "/", None, -1, {}) is None
    assert join_head("GET", "/", None, None, {"Host": "x"}) == (
        b"GET / HTTP/1.1\r\nAccept-Encoding: identity\r\nHost: x\r\n\r\n"
    )


def test_field_lines_agree_with_putheader_on_every_pair_of_bytes() -> None:
    stock = http.client.HTTPConnection("example.test")
    taken = 0
    for first, second in itertools.product(range(0, 256, 1), (9, 10, 13, 32, 58, 65, 127, 233)):
        text = chr(first) + chr(second)
        for name, value in ((text, "v"), ("N", text)):
            stock.putrequest("GET", "/")
            try:
                stock.putheader(name, value)
                expected = stock._buffer[-1]
            except ValueError:
                expected = None
            ours = field_line(name, (value,))
            # Nothing else than the stock line, or nothing at all where Python has to look.
            assert ours in (expected, None)
            taken += ours is not None
            stock.close()
            stock._buffer.clear()
    assert taken > 1500


def test_several_values_are_folded() -> None:
    assert field_line("A", ("b", 1, b"c")) == b"A: b\r\n\t1\r\n\tc"
