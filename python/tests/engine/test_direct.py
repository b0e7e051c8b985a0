"""Plain sockets are used by their descriptors: nobody must be able to tell, whatever comes between."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from straightwire._engine import Reader, send_all

Pair = tuple[socket.socket, socket.socket]
Alarm = Callable[[Callable[[], None]], None]

# Ends a hang; nothing here waits for it.
PATIENCE = 30.0
# More than lies between two sockets when nobody reads.
MUCH = bytes(range(256)) * 64 * 1024
WAITING = pytest.mark.parametrize("timeout", [None, PATIENCE], ids=["waits", "has a time-out"])


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two connected sockets; if the test hangs, the other side ends."""
    ours, theirs = socket.socketpair()
    end = threading.Timer(PATIENCE, lambda: theirs.shutdown(socket.SHUT_RDWR))
    end.start()
    with ours, theirs:
        yield ours, theirs
        end.cancel()
        end.join()


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    """Has a function called once by signals, which come on and on: one may come just before a call that waits."""

    def start(handler: Callable[[], None]) -> None:
        left = [handler]
        signal.signal(signal.SIGALRM, lambda *_: left.pop()() if left else None)
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.02)

    yield start
    signal.setitimer(signal.ITIMER_REAL, 0)
    # The last one may be on its way still.
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


def interrupt() -> None:
    raise KeyboardInterrupt


@WAITING
def test_a_signal_is_handled_while_bytes_are_waited_for(
    pair: Pair, alarm: Alarm, timeout: float | None
) -> None:
    ours, theirs = pair
    ours.settimeout(timeout)
    with Reader(ours) as reader:
        alarm(lambda: theirs.sendall(b"ab"))
        assert reader.read(2) == b"ab"


@WAITING
def test_a_handler_may_end_the_waiting(pair: Pair, alarm: Alarm, timeout: float | None) -> None:
    ours, theirs = pair
    ours.settimeout(timeout)
    with Reader(ours) as reader:
        with pytest.raises(KeyboardInterrupt):
            alarm(interrupt)
            reader.read(2)
        theirs.sendall(b"ab")
        assert reader.read(2) == b"ab"


@WAITING
def test_a_handler_may_end_the_sending(pair: Pair, alarm: Alarm, timeout: float | None) -> None:
    ours, _ = pair
    ours.settimeout(timeout)
    with pytest.raises(KeyboardInterrupt):
        alarm(interrupt)
        send_all(ours, MUCH)


@pytest.mark.parametrize("room", [1, 100_000])
def test_time_runs_out_whatever_signals_come(pair: Pair, alarm: Alarm, room: int) -> None:
    ours, _ = pair
    ours.settimeout(0.3)
    with Reader(ours) as reader:
        alarm(lambda: None)
        start = time.monotonic()
        with pytest.raises(TimeoutError, match="^timed out$"):
            reader.readinto(bytearray(room))
        assert time.monotonic() - start >= 0.3
        with pytest.raises(OSError, match="timed out object"):
            reader.read(1)


def test_time_runs_out_in_sending(pair: Pair) -> None:
    ours, _ = pair
    ours.settimeout(0.1)
    with pytest.raises(TimeoutError, match="^timed out$"):
        send_all(ours, MUCH)


def test_a_descriptor_that_has_been_made_not_to_wait(pair: Pair) -> None:
    ours, theirs = pair
    with Reader(ours) as reader:
        os.set_blocking(ours.fileno(), False)
        with pytest.raises(BlockingIOError):
            reader.read(1)
        theirs.sendall(b"a")
        assert reader.read(1) == b"a"
        with pytest.raises(BlockingIOError):
            send_all(ours, MUCH)


@pytest.mark.parametrize("room", [1, 100_000])
def test_a_descriptor_that_has_been_made_to_wait(pair: Pair, room: int) -> None:
    ours, _ = pair
    ours.settimeout(0.1)
    with Reader(ours) as reader:
        os.set_blocking(ours.fileno(), True)
        with pytest.raises(TimeoutError):
            reader.readinto(bytearray(room))


def test_a_method_that_is_replaced_later_is_asked(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pair
    sent = []
    with Reader(ours) as reader:
        theirs.sendall(b"a")
        assert reader.read(1) == b"a"
        monkeypatch.setattr(socket.socket, "recv_into", lambda _, view: view.__setitem__(0, ord("b")) or 1)
        monkeypatch.setattr(socket.socket, "sendall", lambda _, data: sent.append(data))
        assert reader.read(1) == b"b"
        send_all(ours, b"c")
        assert sent == [b"c"]


@WAITING
def test_much_arrives_whole(pair: Pair, timeout: float | None) -> None:
    ours, theirs = pair
    ours.settimeout(timeout)
    got = bytearray(len(MUCH))

    def fetch() -> None:
        with Reader(theirs) as reader:
            assert reader.readinto(got) == len(MUCH)

    fetching = threading.Thread(target=fetch)
    fetching.start()
    send_all(ours, MUCH)
    fetching.join(PATIENCE)
    assert got == MUCH


def broken() -> socket.socket:
    """A socket whose peer has broken the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        # To linger for no time is to reset.
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
    poll = select.poll()
    poll.register(ours, 0)
    assert poll.poll(PATIENCE * 1000)
    return ours


@WAITING
@pytest.mark.parametrize(
    ("engine", "stock"),
    [
        (lambda sock: send_all(sock, b"a"), lambda sock: sock.sendall(b"a")),
        (lambda sock: Reader(sock).read(1), lambda sock: sock.recv(1)),
    ],
    ids=["send", "receive"],
)
def test_a_broken_connection_is_told_as_the_socket_tells_it(
    engine: Callable[[socket.socket], None], stock: Callable[[socket.socket], None], timeout: float | None
) -> None:
    told = []
    for use in (engine, stock):
        with broken() as ours:
            ours.settimeout(timeout)
            with pytest.raises(ConnectionResetError) as caught:
                use(ours)
            told.append((caught.value.args, caught.value.errno, str(caught.value)))
    assert told[0] == told[1]
