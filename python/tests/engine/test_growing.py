"""Bodies received into their place: of any size, in any pieces, and whoever looks on while they grow."""

from __future__ import annotations

import gc
import itertools
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from straightwire._engine import Reader, open_reader, read_chunks

KIB, MIB = 1 << 10, 1 << 20

SIZES = [0, 1, 511, 512, 513]
SIZES += [
    64 * KIB - 1,
    64 * KIB,
    64 * KIB + 1,
    MIB - 1,
    MIB,
    MIB + 1,
    8 * MIB - 1,
    8 * MIB,
    8 * MIB + 1,
    40 * MIB,
]

# A pattern whose length no power of two divides: bytes in a wrong place are wrong bytes.
PATTERN = bytes(range(251)) * 7


def made(size: int) -> bytes:
    """A body of that size."""
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


def sent(body: bytes, read: Callable[[Reader], Any]) -> Any:
    """What `read` makes of a stream that has `body`, and then its end."""
    ours, theirs = socket.socketpair()
    ours.settimeout(30)

    def send() -> None:
        with theirs:
            theirs.sendall(body)

    sender = threading.Thread(target=send)
    sender.start()
    with ours, open_reader(ours) as reader:
        assert type(reader) is Reader
        answer = read(reader)
    sender.join()
    return answer


@pytest.mark.parametrize("size", SIZES)
def test_a_body_of_known_length(size: int) -> None:
    body = made(size)
    assert sent(body + b"next", lambda reader: (reader.read(size), reader.read())) == (body, b"next")


@pytest.mark.parametrize("size", SIZES)
def test_a_body_that_ends_with_the_stream(size: int) -> None:
    assert sent(made(size), lambda reader: reader.read()) == made(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_body_that_is_shorter_than_was_said(size: int) -> None:
    assert sent(made(size), lambda reader: reader.read(size + 1)) == made(size)
    assert sent(made(size), lambda reader: reader.read(50 * MIB)) == made(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_body_of_chunks(size: int) -> None:
    body = made(size)
    pieces = [body[at : at + 300_007] for at in range(0, size, 300_007)]
    wire = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert sent(wire, lambda reader: read_chunks(reader, None, 65536)) == (body, 0, None)


class Spoilt(socket.socket):
    """A socket whose `recv_into` does what the test wants from the third call on."""

    def __init__(self, *args: Any, spoil: Callable[[Spoilt, memoryview], Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.calls = itertools.count(1)
        self.spoil = spoil

    def recv_into(self, view: Any, *args: Any) -> Any:
        if next(self.calls) < 3:
            return super().recv_into(view, *args)
        return self.spoil(self, view)


# More than two calls can take in, however much is there: at most 1 MiB each.
SPOILT = 3 * MIB


def spoilt(spoil: Callable[[Any, memoryview], Any]) -> bytes:
    """A body read off such a socket."""
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def send() -> None:
        with theirs:
            try:
                theirs.sendall(made(SPOILT))
            except OSError:
                # The reader has given up.
                stop.set()

    sender = threading.Thread(target=send)
    sender.start()
    with Spoilt(fileno=ours.detach(), spoil=spoil) as sock, Reader(sock) as reader:
        sock.settimeout(30)
        try:
            return reader.read(SPOILT)
        finally:
            # Whoever sends more than fits is to end, too.
            sock.shutdown(socket.SHUT_RDWR)
            sender.join()


class Halfway(Exception):
    pass


def test_an_error_half_way_through_is_the_callers() -> None:
    def fail(_: Any, view: memoryview) -> None:
        view[:5] = b"spoil"
        raise Halfway

    with pytest.raises(Halfway):
        spoilt(fail)


@pytest.mark.parametrize(("answer", "kind"), [(-1, OverflowError), (None, TypeError), ("5", TypeError)])
def test_what_is_no_count_is_an_error(answer: object, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        spoilt(lambda _, view: answer)


def test_a_count_beyond_the_view_counts_for_the_view() -> None:
    def boast(_: Any, view: memoryview) -> int:
        view[:] = b"!" * len(view)
        return 1 << 40

    assert len(spoilt(boast)) == SPOILT


def kept(keep: Callable[[memoryview], Any]) -> tuple[list[Any], Callable[[Any, memoryview], int]]:
    """Something that is kept of a view beyond its time, and the receive that does so."""
    held: list[Any] = []

    def receive(sock: Any, view: memoryview) -> int:
        held.append(keep(view))
        return socket.socket.recv_into(sock, view)

    return held, receive


def test_a_view_that_is_kept_is_dead() -> None:
    held, receive = kept(lambda view: view)
    assert spoilt(receive) == made(SPOILT)
    assert held
    for view in held:
        with pytest.raises(ValueError, match="released"):
            view[0]


def test_what_a_view_looks_at_gives_no_other() -> None:
    held, receive = kept(lambda view: view.obj)
    assert spoilt(receive) == made(SPOILT)
    for room in held:
        with pytest.raises(BufferError, match="handed on"):
            memoryview(room)


@pytest.mark.parametrize(
    "keep",
    [memoryview, lambda view: view[1:], lambda view: view.cast("B"), lambda view: memoryview(view.obj)],
)
def test_bytes_that_somebody_could_still_change_are_given_to_nobody(keep: Callable[[Any], Any]) -> None:
    held, receive = kept(keep)
    with pytest.raises(BufferError):
        spoilt(receive)
    gc.collect()
    # The memory is there for as long as the view is.
    view = held.pop()
    view[:3] = b"abc"
    assert bytes(view[:3]) == b"abc"
    del view
    gc.collect()
