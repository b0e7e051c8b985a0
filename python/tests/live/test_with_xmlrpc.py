"""`xmlrpc.client`, against the standard library's server."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

import pytest
from conftest import Runner
from origin import serving


class Handler(SimpleXMLRPCRequestHandler):
    """Keeps its connections, and compresses what is long."""

    protocol_version = "HTTP/1.1"
    encode_threshold = 1000
    server: Calls

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1
        # One that is given up doesn't keep the others waiting.
        self.connection.settimeout(30)

    def do_POST(self) -> None:
        super().do_POST()
        # Without a word: the header that announces it was not sent.
        self.close_connection |= self.server.tired


class Calls(SimpleXMLRPCServer):
    """Some functions that can be called."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler, logRequests=False, allow_none=True)
        self.connections = 0
        # Closes each connection after one call.
        self.tired = False
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.register_multicall_functions()
        self.register_function(lambda *values: list(values), "echo")
        self.register_function(lambda left, right: left / right, "divide")

    @property
    def address(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def calls() -> Iterator[Calls]:
    """A server."""
    with serving(Calls()) as server:
        yield server


def client(address: str, *certificates: str) -> None:
    import ssl
    from datetime import datetime
    from xmlrpc.client import Binary, Fault, MultiCall, ServerProxy

    context = ssl.create_default_context(cafile=certificates[0]) if certificates else None
    scheme = "https" if context else "http"
    with ServerProxy(
        f"{scheme}://{address}", allow_none=True, use_builtin_types=True, context=context
    ) as server:
        for values in [], ["äöü €"], [None, True, 1.5], ["x" * 500_000], [b"\0\xff", datetime(2020, 2, 2)]:
            assert server.echo(*values) == values
        assert server.echo(Binary(b"old")) == [b"old"]
        try:
            server.divide(1, 0)
        except Fault as fault:
            assert "division by zero" in fault.faultString
        else:
            raise AssertionError
        several = MultiCall(server)
        for number in range(1, 4):
            several.divide(6, number)
        assert list(several()) == [6, 3, 2]


def test_calls_share_one_connection(run: Runner, calls: Calls) -> None:
    assert run(client, calls.address).requests["straightwire"] >= 8
    assert calls.connections == 1


def test_tls(run: Runner, server_context: ssl.SSLContext, certificates: Path) -> None:
    with serving(Calls(server_context)) as server:
        run(client, server.address, certificates)
        assert server.connections == 1


def after_a_restart(address: str) -> None:
    from select import select
    from xmlrpc.client import ServerProxy

    with ServerProxy(f"http://{address}") as server:
        assert server.echo(1) == [1]
        # The end of the idle connection has come here.
        ready, _, _ = select([server("transport")._connection[1].sock], [], [], 30)
        assert ready
        assert server.echo(2) == [2]


def test_a_connection_that_was_closed_meanwhile_is_made_again(run: Runner, calls: Calls) -> None:
    calls.tired = True
    run(after_a_restart, calls.address)
    assert calls.connections == 2
