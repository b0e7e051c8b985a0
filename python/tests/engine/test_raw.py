"""`raw`, the file under a reader: a real one, which takes over the reader's place among the socket's files."""

from __future__ import annotations

import gc
import socket
import weakref
from collections.abc import Iterator

import pytest

from straightwire._engine import Reader, open_reader

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two connected sockets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(30)
        yield ours, theirs


def files(sock: socket.socket) -> int:
    """How many files keep a socket open."""
    return sock._io_refs  # type: ignore[attr-defined]


def test_it_is_the_file_that_makefile_has(pair: Pair) -> None:
    ours, theirs = pair
    with open_reader(ours) as reader:
        assert type(reader) is Reader
        raw = reader.raw
        assert type(raw) is socket.SocketIO
        assert reader.raw is raw
        assert (raw.mode, raw.name, raw.readable(), raw.writable()) == ("rb", ours.fileno(), True, False)
        theirs.sendall(b"abc")
        assert raw.read(3) == b"abc"


def test_both_count_as_one_file(pair: Pair) -> None:
    ours, _ = pair
    reader = open_reader(ours)
    assert files(ours) == 1
    raw = reader.raw
    assert files(ours) == 1
    reader.close()
    assert raw.closed
    assert files(ours) == 0
    raw.close()
    reader.close()
    assert files(ours) == 0


def test_who_closes_it_closes_the_reader(pair: Pair) -> None:
    ours, _ = pair
    reader = open_reader(ours)
    assert not reader.closed
    reader.raw.close()
    assert reader.closed
    assert files(ours) == 0
    reader.close()
    assert files(ours) == 0


@pytest.mark.parametrize("asked", [False, True])
def test_a_socket_waits_for_it(pair: Pair, asked: bool) -> None:
    ours, theirs = pair
    reader = open_reader(ours)
    if asked:
        assert not reader.raw.closed
    ours.close()
    assert ours.fileno() >= 0
    theirs.sendall(b"ab")
    assert reader.read(2) == b"ab"
    (reader.raw if asked else reader).close()
    assert ours.fileno() == -1


def test_it_outlives_a_reader_that_nobody_holds(pair: Pair) -> None:
    ours, _ = pair
    reader = open_reader(ours)
    raw, gone = reader.raw, weakref.ref(reader)
    ours.close()
    del reader
    gc.collect()
    # As with `makefile`'s: the file above closes the one below when it goes.
    assert gone() is None and raw.closed
    assert ours.fileno() == -1


def test_a_closed_reader_has_none(pair: Pair) -> None:
    ours, _ = pair
    reader = open_reader(ours)
    reader.close()
    with pytest.raises(ValueError, match="closed file"):
        reader.raw  # noqa: B018
