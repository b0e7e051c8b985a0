"""Who catches what: exceptions of ours and of the stock module in one process."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

# Two servers in one: it hangs up on the first request, and answers all others with something else than HTTP.
SERVER = """
import contextlib, itertools, socket, threading

listener = socket.create_server(("127.0.0.1", 0))

def serve():
    for number in itertools.count():
        sock, _ = listener.accept()
        with sock:
            sock.recv(65536)
            if number:
                sock.sendall(b"HTP 200 OK\\r\\n\\r\\n")

threading.Thread(target=serve, daemon=True).start()

def fail(module):
    connection = module.HTTPConnection(*listener.getsockname(), timeout=30)
    connection.request("GET", "/")
    try:
        connection.getresponse()
    except Exception as error:
        return error
    finally:
        connection.close()
"""

INSTALLED = """
# Held since before: the stock family.
import http.client as stock, straightwire
straightwire.install()
import http.client as found, straightwire.client as ours
assert found is ours and found is not stock
lost, bad = fail(found), fail(found)
assert type(lost) is ours.RemoteDisconnected and type(bad) is ours.BadStatusLine
for family in ConnectionResetError, OSError, found.BadStatusLine, found.HTTPException:
    assert isinstance(lost, family)
assert isinstance(bad, found.HTTPException) and not isinstance(bad, OSError)
# Who imported the names before is asked to call `patch` instead.
assert not isinstance(bad, stock.HTTPException) and not isinstance(stock.BadStatusLine("x"), found.HTTPException)
"""

PATCHED = """
import http.client as stock, straightwire
straightwire.patch()
lost, bad = fail(stock), fail(stock)
assert type(lost) is stock.RemoteDisconnected and type(bad) is stock.BadStatusLine
for family in ConnectionResetError, OSError, stock.BadStatusLine, stock.HTTPException:
    assert isinstance(lost, family)
"""

BESIDE = """
import http.client as stock, straightwire.client as ours
for module in stock, ours, stock, ours:
    error = fail(module)
    assert isinstance(error, module.HTTPException)
assert not issubclass(ours.HTTPException, stock.HTTPException)
"""


@pytest.mark.parametrize("code", [INSTALLED, PATCHED, BESIDE], ids=["installed", "patched", "beside"])
def test_exceptions_are_caught_by_the_family_that_the_program_sees(code: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", dedent(SERVER + code)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
