"""Many threads at once: each with a connection of its own, and all of them on one object."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat

import pytest

from straightwire._engine import Reader, open_reader
from straightwire.client import HTTPConnection, HTTPException, HTTPResponse

THREADS = 8
# Ends a hang; nothing here waits for it.
PATIENCE = 60
# Of two threads that read one socket, one may wait in vain.
IN_VAIN = 0.5
# Objects that no thread may have to itself may be found closed, or half-way: that is told, and nothing worse.
TOLD = (HTTPException, OSError, ValueError, AttributeError)

SIZE = 16
RECORDS = [b"record %08d\n" % number for number in range(4_000)]


def at_once(work: Callable[[int], None], threads: int = THREADS) -> None:
    """Runs `work` in threads that begin together; the first error in any of them is raised here."""
    start = threading.Barrier(threads)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            start.wait(PATIENCE)
            work(number)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    running = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]


def answer(path: bytes) -> bytes:
    """A response whose header and body tell what was asked for: chunked if that ends with an odd digit."""
    body = path * 300
    head = b"HTTP/1.1 200 OK\r\nX-Path: %b\r\n" % path
    if path[-1] % 2 == 0:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunks = [body[start : start + 1000] for start in range(0, len(body), 1000)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    """Answers by path on as many connections as there are, until each is closed."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4 * THREADS)

    def serve(peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer, peer.makefile("rb") as requests:
            while line := requests.readline():
                while requests.readline().strip():
                    pass
                peer.sendall(answer(line.split()[1]))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threading.Thread(target=serve, args=(peer,), daemon=True).start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    accepting.join()
    listener.close()


@contextlib.contextmanager
def stream(data: Iterable[bytes]) -> Iterator[socket.socket]:
    """A socket whose peer sends `data`, for as long as anyone listens, and closes."""
    ours, theirs = socket.socketpair()
    ours.settimeout(PATIENCE)

    def send() -> None:
        with theirs, contextlib.suppress(OSError):
            for piece in data:
                theirs.sendall(piece)

    sender = threading.Thread(target=send)
    sender.start()
    with ours:
        yield ours
        with contextlib.suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)
    sender.join()


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this build has a global lock")
def test_free_threaded_builds_stay_so() -> None:
    code = "import sys, straightwire.client; assert not sys._is_gil_enabled()"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_each_thread_gets_what_it_asked_for(server: tuple[str, int]) -> None:
    def work(number: int) -> None:
        connection = HTTPConnection(*server, timeout=PATIENCE)
        for turn in range(60):
            path = f"/{number}/{turn}"
            connection.request("GET", path, headers={"X-Turn": str(turn)})
            response = connection.getresponse()
            assert (response.status, response.getheader("x-path")) == (200, path)
            assert response.read() == path.encode() * 300
        connection.close()

    at_once(work)


def test_threads_on_one_reader_share_out_its_lines_and_records() -> None:
    for call in (lambda reader: reader.readline(), lambda reader: reader.read(SIZE)):
        got: list[list[bytes]] = [[] for _ in range(THREADS)]
        with stream([b"".join(RECORDS)]) as sock, open_reader(sock) as reader:
            assert type(reader) is Reader

            def work(number: int, call: Callable = call, reader: Reader = reader, got: list = got) -> None:
                while record := call(reader):
                    got[number].append(record)

            at_once(work)
        # Each one whole and once, and for each thread in order.
        assert sorted(chain.from_iterable(got)) == RECORDS
        assert all(records == sorted(records) for records in got)


def test_a_reader_is_closed_under_the_threads_that_read_it() -> None:
    # However late the thread that closes has its turn, the others have something to read.
    with stream(repeat(b"".join(RECORDS))) as sock, open_reader(sock) as reader:
        ended = []

        def work(number: int) -> None:
            if number == 0:
                for _ in range(50):
                    reader.read(SIZE)
                reader.close()
                return
            with pytest.raises(ValueError, match="read of closed file"):
                while reader.read(SIZE):
                    pass
            ended.append(number)

        at_once(work)
        assert sorted(ended) == list(range(1, THREADS))
        assert reader.closed


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_threads_on_one_response_get_parts_of_it_or_are_told(chunked: bool) -> None:
    body = b"".join(RECORDS)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    if chunked:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = b"".join(b"%x\r\n%b\r\n" % (SIZE, record) for record in RECORDS) + b"0\r\n\r\n"
    known = set(RECORDS)
    for _ in range(5):
        got: list[list[bytes]] = [[] for _ in range(THREADS)]
        told: list[int] = []
        with stream([head + body]) as sock:
            response = HTTPResponse(sock)
            response.begin()

            def work(
                number: int, response: HTTPResponse = response, got: list = got, told: list = told
            ) -> None:
                try:
                    while record := response.read(SIZE):
                        got[number].append(record)
                except TOLD:
                    told.append(number)

            at_once(work)
            response.close()
        records = list(chain.from_iterable(got))
        # Of chunks, each thread may have got what another needed to go on.
        assert records or (chunked and told)
        if not chunked:
            # What is read is never read twice.
            assert len(records) == len(set(records))
            assert set(records) <= known


def test_threads_on_one_connection_get_answers_or_are_told(server: tuple[str, int]) -> None:
    connection = HTTPConnection(*server, timeout=IN_VAIN)
    answered = []

    def work(number: int) -> None:
        for turn in range(20):
            path = f"/{number}/{turn}"
            try:
                connection.request("GET", path)
                answered.append(connection.getresponse().status)
            except TOLD:
                connection.close()

    at_once(work)
    connection.close()
    assert set(answered) <= {200}
    connection.timeout = PATIENCE
    connection.request("GET", "/after")
    assert connection.getresponse().read() == b"/after" * 300
    connection.close()
