"""Response heads: what the Rust side takes it takes as http.client does, and the rest it leaves."""

from __future__ import annotations

import http.client
import io
import random
from types import SimpleNamespace

import pytest

from straightwire._engine import Head, parse_head


class Canned:
    """A socket that has this to say."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)

    def makefile(self, *_: object) -> io.BytesIO:
        return self.file


def stock(data: bytes, method: str = "GET") -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(Canned(data), method=method)
    response.begin()
    return response


def parsed(data: bytes) -> Head:
    found = parse_head(data, 99)
    assert found is not None
    head, end = found
    assert head.raw == data[:end]
    return head


HEAD = (
    b"HTTP/1.1 200 Very  OK \r\nContent-Type: text/html\r\nSet-Cookie: a=1\r\nset-cookie:\tb=\xe9 \t\r\n"
    b"Empty:\nX-Ctl: \x7f\x80\r\n\r\nbody"
)


def test_a_head_answers_as_a_message_does() -> None:
    head, message = parsed(HEAD), stock(HEAD).headers
    assert head.items() == message.items()
    assert head.keys() == message.keys()
    assert head.values() == message.values()
    assert len(head) == len(message) == 5
    for name in ("content-type", "SET-COOKIE", "Empty", "none", "", "\u212aind"):
        assert head.get(name) == message.get(name)
        assert head.get(name, 3) == message.get(name, 3)
        assert head.get_all(name) == message.get_all(name)
        assert head.get_all(name, 3) == message.get_all(name, 3)
        assert (name in head) == (name in message)
        assert head.joined(name) == stock(HEAD).getheader(name)
    assert 5 not in head
    assert head["empty"] == ""
    with pytest.raises(KeyError):
        head["none"]
    assert (head.version, head.status, head.reason) == (11, 200, "Very  OK")


LINES = (
    b"Content-Length: 5",
    b"Content-Length: 0007  ",
    b"Content-Length:",
    b"Content-Length: +5",
    b"Content-Length: 5, 5",
    b"Transfer-Encoding: CHUNKED",
    b"Transfer-Encoding: chunked ",
    b"Transfer-Encoding: gzip, chunked",
    b"Connection: Close",
    b"Connection: not-closed",
    b"Connection: Keep-Alive, x",
    b"Keep-Alive: timeout=5",
    b"Keep-Alive:",
    b"Proxy-Connection: keep-alive",
    b"X: y",
)


def test_framing_is_that_of_http_client() -> None:
    rng = random.Random(7)
    taken = 0
    for _ in range(6000):
        lines = rng.sample(LINES, rng.randrange(5))
        status = rng.choice((101, 103, 200, 204, 205, 304, 404))
        data = b"HTTP/1.%d %d X\r\n%s\r\n" % (
            rng.randrange(3),
            status,
            b"".join(line + b"\r\n" for line in lines),
        )
        method = rng.choice(("GET", "HEAD", "head"))
        theirs = stock(data, method)
        ours = SimpleNamespace()
        parsed(data).begin(ours, method)
        if not vars(ours).keys() - {"_head"}:
            assert any(line.startswith(b"Content-Length:") for line in lines)
            continue
        taken += 1
        bodiless = status < 200 or status in (204, 304)
        assert (ours.version, ours.status, ours.code) == (theirs.version, theirs.status, theirs.code), data
        assert (ours.reason, ours.chunked) == (theirs.reason, bool(theirs.chunked and not bodiless)), data
        if not (bodiless and theirs.chunked):
            assert (ours.length, ours.will_close) == (theirs.length, theirs.will_close), data
    assert taken > 3000


@pytest.mark.parametrize(
    "line",
    [
        b"no colon",
        b": empty",
        b"A b: 1",
        b"A : 1",
        b" fold",
        b"From me",
        b">From me",
        b"A: 1\rB: 2",
        b"A: \0",
        b"\xe9: 1",
        b"Content-Type: multipart/mixed; boundary=x",
        b"content-type: text/plain; message/x",
    ],
)
def test_odd_lines_are_left_to_python(line: bytes) -> None:
    start = b"HTTP/1.1 200 OK\r\nFirst: 1\r\n"
    assert parse_head(start + line + b"\r\n\r\n") is None


def test_limits_are_left_to_python() -> None:
    fields = b"A: 1\r\n" * 99
    assert len(parsed(b"HTTP/1.1 200\r\n" + fields + b"\r\n")) == 99
    assert parse_head(b"HTTP/1.1 200\r\n" + fields + b"A: 1\r\n\r\n", 99) is None
    assert parse_head(b"HTTP/1.1 200\r\nA: " + b"x" * 65_600 + b"\r\n\r\n") is None
    assert parse_head(b"HTTP/1.1 200\r\n" + (b"A: " + b"x" * 60_000 + b"\r\n") * 5 + b"\r\n") is None


def test_only_whole_heads_are_taken() -> None:
    whole = len(HEAD) - len(b"body")
    for cut in range(whole):
        assert parse_head(HEAD[:cut]) is None
    head, end = parse_head(b"x" * 3 + HEAD, start=3)
    assert (head.status, end) == (200, whole + 3)
    assert parse_head(HEAD, start=10**9) is None


def test_random_heads_mean_to_us_what_they_mean_to_http_client() -> None:
    rng = random.Random(11)
    pieces = (
        b"HTTP/1.1 ", b"HTTP/1.0 ", b"HTTP/2 ", b"200", b"404", b"0200", b" ", b"\t", b"OK", b"\r\n", b"\r\n", b"\n",
        b"\r", b"A", b"Long-Name", b":", b": ", b"value", b"\xe9", b"\x0b", b"\x85", b"\xa0", b"\0", b"From ", b";",
    )  # fmt: skip
    taken = 0
    for _ in range(30_000):
        data = b"HTTP/1.1 200" + rng.choice((b" OK\r\n", b"\r\n", b" \xa0\r\n", b"  x \n", b"\x0bOK\r\n"))
        data += b"".join(
            b"%s%s%s\r\n"
            % (rng.choice((b"A", b"b-c", b"Set-Cookie")), rng.choice((b":", b": ")), rng.choice(pieces))
            for _ in range(rng.randrange(3))
        )
        data += b"".join(rng.choices(pieces, k=rng.randrange(4))) + b"\r\n\r\n"
        found = parse_head(data, 99)
        if found is None:
            continue
        taken += 1
        theirs = stock(data)
        assert found[0].items() == theirs.headers.items(), data
        assert not theirs.headers.defects
        assert (found[0].version, found[0].status, found[0].reason) == (
            theirs.version,
            theirs.status,
            theirs.reason,
        )
    assert taken > 5000
