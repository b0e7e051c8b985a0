"""The reader beside the file that `makefile` gives: same calls on the same bytes, same outcome."""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import os
import random
import signal
import socket
import struct
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from straightwire._engine import Reader, open_reader, read_up_to, take_head


@contextlib.contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets; both are told to give up on a hang."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(30)
        theirs.settimeout(30)
        yield ours, theirs


@contextlib.contextmanager
def reading(data: bytes, pieces: int = 1) -> Iterator[Reader]:
    """A reader on a stream of `data`, sent in pieces by a thread."""
    with pair() as (ours, theirs):

        def send() -> None:
            size = -(-len(data) // pieces) or 1
            with contextlib.suppress(OSError):
                for start in range(0, len(data), size):
                    theirs.sendall(data[start : start + size])
                theirs.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        reader = open_reader(ours)
        assert type(reader) is Reader
        with reader:
            yield reader
        ours.close()
        sender.join()


def test_random_calls_give_what_a_buffered_reader_gives() -> None:
    rng = random.Random(3)
    for _ in range(150):
        data = b"".join(rng.choice((b"x" * rng.randrange(300), b"\n", b"\r\n", b"line")) for _ in range(400))
        with reading(data, rng.randrange(1, 6)) as reader:
            stock = io.BufferedReader(io.BytesIO(data))
            while True:
                call, n = rng.choice(("read", "readline", "readinto", "rest", "next")), rng.randrange(2000)
                if call == "read":
                    assert reader.read(n) == (expected := stock.read(n))
                elif call == "readline":
                    limit = rng.choice((-1, n))
                    assert reader.readline(limit) == (expected := stock.readline(limit))
                elif call == "readinto":
                    a, b = bytearray(n), bytearray(n)
                    count = stock.readinto(b)
                    assert reader.readinto(a) == count
                    assert a == b
                    expected = b[:count]
                elif call == "next":
                    assert next(reader, b"") == (expected := next(stock, b""))
                elif rng.randrange(20) == 0:
                    expected = stock.read()
                    assert reader.read(rng.choice((None, -1))) == expected
                else:
                    continue
                if not expected and call != "rest" and n:
                    break


def test_one_receive_at_a_time() -> None:
    with pair() as (ours, theirs), open_reader(ours) as reader:
        theirs.sendall(b"abcdef")
        assert reader.peek(1) == b"abcdef"
        assert reader.read1(2) == b"ab"
        into = bytearray(3)
        assert reader.readinto1(into) == 3
        assert into == b"cde"
        assert reader.read1() == b"f"
        assert reader.read1(0) == b""
        theirs.sendall(b"gh")
        assert reader.readinto1(into) == 2
        assert reader.readinto1(bytearray()) == 0
        theirs.close()
        assert reader.read1(5) == reader.peek() == reader.read() == b""
        assert reader.readinto1(into) == 0


def test_readinto_takes_any_writable_buffer() -> None:
    with pair() as (ours, theirs), open_reader(ours) as reader:
        theirs.sendall(struct.pack("4i", 1, 2, 3, 4))
        view = memoryview(bytearray(16)).cast("i")
        assert reader.readinto(view) == 16
        assert view.tolist() == [1, 2, 3, 4]
        with pytest.raises(TypeError):
            reader.readinto(b"fixed")
        with pytest.raises(TypeError):
            reader.readinto(5)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\n\r\n"


@pytest.mark.parametrize("pieces", [1, 7, len(HEAD)])
def test_a_head_is_read_in_one_go_and_nothing_beyond_is_lost(pieces: int) -> None:
    with reading(HEAD + b"body" + HEAD, pieces) as reader:
        head = take_head(reader, 100)
        assert head is not None
        assert head.items() == [("Content-Length", "4"), ("X", "y")]
        assert reader.read(4) == b"body"
        assert reader.read_head().raw == HEAD
        assert take_head(reader, 100) is None
        assert reader.read() == b""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nA: b\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD,
        b"HTTP/1.1 200 OK\r\nodd\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"A: " + b"x" * 60_000 + b"\r\n") * 8 + b"\r\n",
    ],
)
def test_an_odd_head_is_left_where_it_was(data: bytes) -> None:
    with reading(data) as reader:
        assert reader.read_head() is None
        assert reader.readline(65537) == io.BytesIO(data).readline(65537)
        rest = data[len(io.BytesIO(data).readline(65537)) :]
        assert reader.read() == rest


def test_an_odd_line_is_told_before_more_is_waited_for() -> None:
    for start in (b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nbad line\r\n", b"x" * 70_000):
        with pair() as (ours, theirs), open_reader(ours) as reader:
            theirs.sendall(start)
            assert reader.read_head() is None


def test_after_a_timeout_the_reader_refuses_to_go_on() -> None:
    with pair() as (ours, theirs), open_reader(ours) as reader:
        ours.settimeout(0.01)
        theirs.sendall(b"abc")
        with pytest.raises(socket.timeout, match="^timed out$"):
            reader.read(5)
        theirs.sendall(b"def")
        ours.settimeout(30)
        for call in (reader.read, reader.read1, reader.readline, reader.peek, reader.read_head):
            with pytest.raises(OSError, match="cannot read from timed out object"):
                call()
        with pytest.raises(OSError, match="cannot read from timed out object"):
            reader.readinto(bytearray(9))


def test_a_timeout_in_readinto_counts_too() -> None:
    with pair() as (ours, _), open_reader(ours) as reader:
        ours.settimeout(0.01)
        with pytest.raises(socket.timeout):
            reader.readinto(bytearray(5))
        with pytest.raises(OSError, match="cannot read from timed out object"):
            reader.read(1)


def test_a_reset_is_the_error_that_sockets_raise() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        with ours, open_reader(ours) as reader:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            theirs.close()
            with pytest.raises(ConnectionResetError) as caught:
                reader.read(5)
            assert caught.value.errno == errno.ECONNRESET
            assert caught.value.strerror == os.strerror(errno.ECONNRESET)


class Interrupted(BaseException):
    """As `KeyboardInterrupt`, which would end all tests."""


def test_a_signal_handler_runs_while_the_reader_waits() -> None:
    runs = []

    def handler(*_: object) -> None:
        runs.append(1)
        if len(runs) == 2:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Interrupted

    with pair() as (ours, theirs), open_reader(ours) as reader:
        before = signal.signal(signal.SIGALRM, handler)
        try:
            with pytest.raises(Interrupted):
                # It may be due before the read is, on a slow machine.
                signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
                reader.read(1)
        finally:
            signal.signal(signal.SIGALRM, before)
        assert len(runs) == 2
        theirs.sendall(b"x")
        assert reader.read(1) == b"x"


def test_a_handler_that_reads_again_is_told_so() -> None:
    with pair() as (ours, theirs), open_reader(ours) as reader:

        def handler(*_: object) -> None:
            theirs.sendall(b"x")
            try:
                # What was sent, if this comes before the read below has begun; and then it comes again.
                assert reader.read(1) == b"x"
            except RuntimeError:
                signal.setitimer(signal.ITIMER_REAL, 0)
                raise

        before = signal.signal(signal.SIGALRM, handler)
        try:
            with pytest.raises(RuntimeError, match="reentrant"):
                signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
                reader.read(1)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert reader.read(1) == b"x"


def test_other_threads_run_and_take_turns() -> None:
    with pair() as (ours, theirs), open_reader(ours) as reader:
        got: list[bytes] = []
        threads = [threading.Thread(target=lambda: got.append(reader.read(2))) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.02)
        theirs.sendall(b"aabbccdd")
        for thread in threads:
            thread.join()
        assert sorted(got) == [b"aa", b"bb", b"cc", b"dd"]


def test_the_socket_lives_as_long_as_its_reader() -> None:
    with pair() as (ours, theirs):
        reader = open_reader(ours)
        theirs.sendall(b"ab")
        assert reader.raw._sock is ours
        ours.close()
        assert ours.fileno() >= 0
        assert reader.fileno() == ours.fileno()
        assert reader.read(1) == b"a"
        raw = reader.raw
        reader.close()
        reader.close()
        assert ours.fileno() == -1
        assert reader.closed and raw.closed and raw._sock is None
        for call in (
            reader.read,
            reader.read1,
            reader.readline,
            reader.peek,
            reader.read_head,
            reader.fileno,
        ):
            with pytest.raises(ValueError, match="closed file"):
                call()
        for call in (reader.flush, reader.readable, reader.__enter__, reader.__iter__):
            with pytest.raises(ValueError, match="closed file"):
                call()


def test_a_dropped_reader_lets_go_of_the_socket() -> None:
    with pair() as (ours, _):
        reader = open_reader(ours)
        gone = weakref.ref(reader)
        ours.close()
        assert ours.fileno() >= 0
        del reader
        gc.collect()
        assert gone() is None
        assert ours.fileno() == -1


def test_a_detached_socket_is_a_bad_descriptor() -> None:
    with pair() as (ours, _), open_reader(ours) as reader:
        os.close(ours.detach())
        with pytest.raises(OSError) as caught:
            reader.read(1)
        assert caught.value.errno == errno.EBADF


class Traced(socket.socket):
    pass


def test_other_sockets_are_read_their_own_way() -> None:
    ours, theirs = socket.socketpair()
    with theirs, Traced(fileno=ours.detach()) as traced, open_reader(traced) as file:
        assert type(file) is io.BufferedReader
        theirs.sendall(HEAD + b"body")
        head = take_head(file, 100)
        assert head is not None and head.raw == HEAD
        assert file.read(4) == b"body"
    with pair() as (ours, _):
        ours.settimeout(0)
        with open_reader(ours) as file:
            assert type(file) is io.BufferedReader

    class Mock:
        def makefile(self, *args: object) -> tuple[object, ...]:
            return args

    assert open_reader(Mock()) == ("rb",)


def test_it_reads_through_the_methods_of_the_socket() -> None:
    class Counting(socket.socket):
        calls = 0

        def recv(self, *args: int) -> bytes:
            self.calls += 1
            return super().recv(*args)

    ours, theirs = socket.socketpair()
    with theirs, Counting(fileno=ours.detach()) as sock, Reader(sock) as reader:
        theirs.sendall(HEAD + b"body")
        assert reader.read_head().status == 200
        assert reader.read(4) == b"body"
        assert sock.calls == 1
        sock.settimeout(0.01)
        with pytest.raises(socket.timeout):
            reader.read(1)
        with pytest.raises(OSError, match="timed out object"):
            reader.read(1)


@pytest.mark.parametrize("size", [0, 5, 65_536, 3_000_001])
def test_read_up_to_gives_what_there_is(size: int) -> None:
    data = os.urandom(size)
    with reading(data, 3) as reader:
        assert read_up_to(reader, size // 2) == data[: size // 2]
        assert read_up_to(reader, 10**15) == data[size // 2 :]
    assert read_up_to(io.BytesIO(data), 10**15) == data
    assert read_up_to(io.BytesIO(data), 4) == data[:4]
