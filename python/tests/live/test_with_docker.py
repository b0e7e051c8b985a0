"""docker-py, against a small server that answers as the Docker engine does, over a Unix socket.

The engine itself is not there: its answers are those of its documented interface, version 1.44.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import Runner

pytest.importorskip("docker")

VERSION = "1.44"
IDENTIFIER = "c" * 64
CONTAINER = {
    "Id": IDENTIFIER,
    "Name": "/one",
    "Image": "sha256:" + "1" * 64,
    "Config": {"Tty": False, "Image": "image:latest", "Labels": {}},
    "State": {"Status": "running", "Running": True, "ExitCode": 0},
    "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {}}},
    "NetworkSettings": {"Networks": {}},
}


def frame(stream: int, data: bytes) -> bytes:
    """A piece of a container's output or errors, as the engine marks them."""
    return struct.pack(">BxxxI", stream, len(data)) + data


class Handler(BaseHTTPRequestHandler):
    """Docker's engine, in small."""

    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        """Sockets of this kind have none."""
        return "client"

    def log_message(self, *_: object) -> None:
        """Nobody reads that."""

    def answer(self) -> None:
        """By method and path."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path.removeprefix(f"/v{VERSION}")
        path = path.replace(IDENTIFIER, "ID").replace("one", "ID")
        match self.command, path:
            case "GET", "/version":
                self.send({"Version": "25.0", "ApiVersion": VERSION, "MinAPIVersion": "1.24"})
            case "GET", "/_ping":
                self.send_bytes(b"OK", "text/plain")
            case "GET", "/info":
                self.send({"Name": "engine", "Containers": 1})
            case "GET", "/containers/json":
                self.send([{"Id": IDENTIFIER}])
            case "GET", "/containers/ID/json":
                self.send(CONTAINER)
            case "POST", "/containers/create":
                self.send({"Id": IDENTIFIER, "Warnings": [], "Given": json.loads(body)}, 201)
            case "POST", "/containers/ID/start" | "/containers/ID/stop":
                self.send_response(204)
                self.end_headers()
            case "POST", "/containers/ID/wait":
                self.send({"StatusCode": 0})
            case "GET", "/containers/ID/logs":
                self.send_chunks(
                    frame(1, b"out %d\n" % number) + frame(2, b"error\n") for number in range(50)
                )
            case "GET", "/containers/ID/archive":
                self.send_chunks(bytes([number]) * 40_000 for number in range(10))
            case "GET", "/events" if "since=now" in self.path:
                self.send_chunks(self.events())
            case "GET", "/containers/ID/stats" | "/events":
                self.send_chunks(json.dumps({"number": number}).encode() + b"\n" for number in range(20))
            case "POST", "/images/create":
                steps = [{"status": "Pulling", "id": f"layer {number}"} for number in range(30)]
                self.send_chunks(json.dumps(step).encode() + b"\r\n" for step in steps)
            case "GET", "/images/image:latest/json":
                self.send({"Id": CONTAINER["Image"], "RepoTags": ["image:latest"]})
            case "POST", "/containers/ID/exec":
                self.send({"Id": "exec"}, 201)
            case "POST", "/exec/exec/start":
                self.upgrade()
            case _:
                self.send({"message": f"no such thing: {self.command} {path}"}, 404)

    do_GET = do_POST = do_DELETE = answer

    def send(self, told: object, status: int = 200) -> None:
        self.send_bytes(json.dumps(told).encode(), "application/json", status)

    def send_bytes(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_chunks(self, pieces: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("X-Docker-Container-Path-Stat", "e30=")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        # The client may have left.
        with contextlib.suppress(OSError):
            for piece in pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    def events(self) -> Iterator[bytes]:
        """Nothing after the first, until the client leaves."""
        yield b'{"number": 0}\n'
        self.rfile.readline()
        self.close_connection = True

    def upgrade(self) -> None:
        """From here on, what is typed comes back."""
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "tcp")
        self.end_headers()
        while typed := self.rfile.readline():
            self.wfile.write(frame(1, b"typed " + typed))
            if typed == b"exit\n":
                break
        self.close_connection = True


class Engine(socketserver.ThreadingUnixStreamServer):
    """On a Unix socket."""

    daemon_threads = True


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A server that runs."""
    # The path of a Unix socket is short.
    with Engine(str(tmp_path / "s"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def containers() -> None:
    import docker

    client = docker.from_env()
    assert client.ping() and client.version()["Version"] == "25.0" and client.info()["Name"] == "engine"
    (container,) = client.containers.list()
    assert container.name == "one" and container.status == "running"
    created = client.api.create_container("image", "command", environment={"A": "ä"})
    assert created["Given"]["Env"] == ["A=ä"] and created["Given"]["Cmd"] == ["command"]
    container.start()
    container.stop()
    assert container.wait() == {"StatusCode": 0}
    for _ in range(3):
        assert container.logs() == b"".join(b"out %d\nerror\n" % number for number in range(50))
        assert b"".join(container.get_archive("/")[0]) == b"".join(bytes([n]) * 40_000 for n in range(10))
    try:
        client.containers.get("none")
    except docker.errors.NotFound as error:
        assert "no such thing" in str(error)
    else:
        raise AssertionError


def test_containers(run: Runner, engine: Engine) -> None:
    run(containers, DOCKER_HOST=f"unix://{engine.server_address}")


def streams() -> None:
    import docker

    client = docker.from_env()
    container = client.containers.get("one")
    both = list(container.logs(stream=True, follow=True))
    assert both[:2] == [b"out 0\n", b"error\n"] and len(both) == 100
    assert [event["number"] for event in client.events(decode=True)] == list(range(20))
    assert [line["number"] for line in container.stats(decode=True)] == list(range(20))
    pulled = list(client.api.pull("image", stream=True, decode=True))
    assert [step["id"] for step in pulled] == [f"layer {number}" for number in range(30)]
    assert client.images.pull("image", "latest").tags == ["image:latest"]
    logs = container.logs(stream=True)
    next(logs)
    logs.close()


def test_streams(run: Runner, engine: Engine) -> None:
    run(streams, DOCKER_HOST=f"unix://{engine.server_address}")


def cancelled() -> None:
    import threading

    import docker

    client = docker.from_env()
    events = client.events(decode=True, since="now")
    assert next(events) == {"number": 0}
    threading.Timer(0.5, events.close).start()
    assert list(events) == []


def test_a_stream_that_another_thread_gives_up(run: Runner, engine: Engine) -> None:
    run(cancelled, DOCKER_HOST=f"unix://{engine.server_address}")


def typing() -> None:
    import docker

    api = docker.from_env().api
    for _ in range(2):
        started = api.exec_create("one", "shell", stdin=True)
        socket = api.exec_start(started["Id"], socket=True)
        # What docker-py hands out is found under `response.raw._fp.fp.raw`.
        socket._sock.settimeout(60)
        socket._sock.sendall(b"one\nexit\n")
        received = b""
        while len(received) < 37:
            data = socket._sock.recv(4096)
            assert data, received
            received += data
        assert received == frame(1, b"typed one\n") + frame(1, b"typed exit\n")
        socket.close()


def test_typing_into_an_upgraded_connection(run: Runner, engine: Engine) -> None:
    run(typing, DOCKER_HOST=f"unix://{engine.server_address}")
