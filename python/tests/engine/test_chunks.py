"""Chunks: from a reader and from any file, to the same end as http.client."""

from __future__ import annotations

import http.client
import io
import random
import socket
import threading

import pytest

from straightwire._engine import Reader, open_reader, read_chunks, readinto_chunks

MAX = 65536


class Canned:
    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)

    def makefile(self, *_: object) -> io.BytesIO:
        return self.file


def stock(body: bytes) -> tuple[bytes | None, type | None]:
    """What http.client reads: the data, or what came before the fault, and the fault."""
    response = http.client.HTTPResponse(
        Canned(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    )
    response.begin()
    try:
        return response.read(), None
    except http.client.IncompleteRead as fault:
        return fault.partial, type(fault)
    except (http.client.HTTPException, OverflowError) as fault:
        return None, type(fault)


def from_reader(body: bytes, pieces: int, call):
    ours, theirs = socket.socketpair()
    ours.settimeout(30)

    def send() -> None:
        size = -(-len(body) // pieces) or 1
        for start in range(0, len(body), size):
            theirs.sendall(body[start : start + size])
        theirs.close()

    sender = threading.Thread(target=send)
    sender.start()
    with ours, open_reader(ours) as reader:
        answer = call(reader)
        rest = reader.read()
    sender.join()
    return answer, rest


PLAIN = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: 1\r\n\r\n"


@pytest.mark.parametrize("pieces", [1, 3, len(PLAIN)])
def test_all_chunks_to_the_last(pieces: int) -> None:
    expected = (b"hello world", 0, None)
    assert from_reader(PLAIN, pieces, lambda fp: read_chunks(fp, None, MAX)) == (
        expected,
        b"Trailer: 1\r\n\r\n",
    )
    file = io.BytesIO(PLAIN)
    assert read_chunks(file, None, MAX) == expected
    assert file.read() == b"Trailer: 1\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"", (b"", None, "size")),
        (b"zz\r\n", (b"", None, "size")),
        (b"-5\r\n", (b"", None, "size")),
        (b"5", (b"", 5, (b"", 5))),
        (b"0x2\r\nab\r\n+1\nc\r\n 1 \r\nd--0_0\r\n", (b"abcd", 0, None)),
        (b"2\r\nab\r\n5\r\nabc", (b"ab", 2, (b"abc", 2))),
        (b"2\r\nab", (b"ab", 0, (b"", 2))),
        (b"2\r\nab\r", (b"ab", 0, (b"\r", 1))),
        (b"2\r\nabXX0\r\n", (b"ab", 0, None)),
        (b"1;" + b"x" * 70_000 + b"\r\n", (b"", None, "line")),
        (b"1;" + b"x" * 65_531 + b"\r\na\r\n0\r\n", (b"a", 0, None)),
        (b"0" * 70_000, (b"", None, "line")),
    ],
)
def test_odd_chunks(body: bytes, answer: tuple) -> None:
    assert read_chunks(io.BytesIO(body), None, MAX) == answer
    for pieces in (1, 5):
        assert from_reader(body, pieces, lambda fp: read_chunks(fp, None, MAX))[0] == answer


def test_amounts_and_what_is_left() -> None:
    file = io.BytesIO(PLAIN)
    assert read_chunks(file, None, MAX, 0) == (b"", 5, "enough")
    assert read_chunks(file, 5, MAX, 2) == (b"he", 3, "enough")
    assert read_chunks(file, 3, MAX, 3) == (b"llo", 0, "enough")
    buffer = bytearray(4)
    assert readinto_chunks(file, 0, MAX, buffer) == (4, 2, "enough")
    assert buffer == b" wor"
    assert readinto_chunks(file, 2, MAX, buffer) == (2, 0, None)
    assert buffer == b"ldor"


def test_readinto_a_chunk_cut_short() -> None:
    for size in (5, 20_000):
        body = b"2\r\nab\r\n%x\r\n" % (size + 9) + b"c" * size
        buffer = bytearray(size + 50)
        answer = (2, 9, (b"c" * size, 9))
        assert readinto_chunks(io.BytesIO(body), None, MAX, buffer) == answer
        assert from_reader(body, 2, lambda fp: readinto_chunks(fp, None, MAX, buffer))[0] == answer  # noqa: B023


def test_random_bodies_end_as_in_http_client() -> None:
    rng = random.Random(5)
    pieces = (
        b"0", b"1", b"5", b"a", b"A", b"\r\n", b"\r\n", b"\n", b"\r", b";", b" ", b"\t", b"x", b"+", b"-", b"_", b"\xa0",
    )  # fmt: skip
    outcomes = set()
    for _ in range(20_000):
        body = b"".join(b"%x\r\n%s\r\n" % (n, b"d" * n) for n in rng.choices((1, 5, 40), k=rng.randrange(3)))
        body += b"".join(rng.choices(pieces, k=rng.randrange(6)))
        body += rng.choice((b"", b"\r\n", b"0\r\n\r\n", b"dddd\r\n0\r\n\r\n"))
        data, left, fault = read_chunks(io.BytesIO(body), None, MAX)
        expected, kind = stock(body)
        if fault == "size" and expected is not None and expected != data:
            # A negative size reads to the end in http.client: bytes that no chunk can have.
            assert b"-" in body
        else:
            assert data == expected, body
        assert (fault is None) == (kind is None), body
        outcomes.add(fault if isinstance(fault, str) else type(fault))
        if rng.randrange(20) == 0:
            assert from_reader(body, 2, lambda fp: read_chunks(fp, None, MAX))[0] == (data, left, fault)
    assert outcomes == {"size", tuple, type(None)}


def by_lines(reader: Reader) -> None:
    """Reads chunks as those do who know a file only: lines, sizes, data."""
    while size := int(reader.readline().partition(b";")[0], 16):
        reader.read(size)
        reader.readline()
    while reader.readline() not in (b"\r\n", b"\n", b""):
        pass


@pytest.mark.parametrize(
    "end", [b"0\r\n\r\n", b"0\n\n", b"0;x=y\r\nA: b\r\n\r\n", b"000\r\nA: 0\r\n0\r\n\r\n", b"0\r\n \r\n\r\n"]
)
@pytest.mark.parametrize("rest", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_who_reads_chunks_by_lines_is_seen_at_their_end(end: bytes, rest: bytes) -> None:
    def call(reader: Reader) -> bool:
        assert not reader.chunks_ended
        by_lines(reader)
        return reader.chunks_ended

    # A blank line ends the trailers, whatever the blanks.
    last = b" \r\n"
    expected = b"\r\n" + rest if last in end else rest
    answer, left = from_reader(b"2\r\nok\r\n" + end + rest, 3, call)
    assert answer or last in end
    assert left in (rest, expected)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"2\r\nok\r\n0\r\n\r\n", 1),
        (b"0\r\nA: b\r\n\r\n", 1),
        (b"0\r\nA: b\r\n\r\n", 2),
        (b"\r\n\r\n\r\n", 3),
        (b"5\r\n\r\n0\r\n", 2),
        (b"x\r\n\r\n", 2),
    ],
)
def test_before_the_last_empty_line_they_are_not_at_their_end(body: bytes, lines: int) -> None:
    def call(reader: Reader) -> bool:
        for _ in range(lines):
            reader.readline()
        return reader.chunks_ended

    assert from_reader(body, 1, call)[0] is False


def test_data_after_the_end_is_another_body() -> None:
    def call(reader: Reader) -> list[bool]:
        seen = []
        for _ in range(2):
            by_lines(reader)
            seen.append(reader.chunks_ended)
            reader.read(4)
            seen.append(reader.chunks_ended)
        return seen

    answer, _ = from_reader(b"0\r\n\r\nnext" * 2, 1, call)
    assert answer == [True, False, True, False]


def test_a_closed_reader_is_at_no_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, open_reader(ours) as reader:
        theirs.sendall(b"0\r\n\r\n")
        by_lines(reader)
        assert reader.chunks_ended
        reader.close()
        assert not reader.chunks_ended
