"""`lenient_headers`: a line that is no header costs that line."""

from __future__ import annotations

from email import errors
from typing import Any

import pytest
from listening import Server, answers, client

BAD = {
    "no colon": (b"nonsense\r\n", errors.MissingHeaderBodySeparatorDefect),
    "no name": (b": value\r\n", errors.MissingHeaderBodySeparatorDefect),
    "blank before the colon": (b"Name : value\r\n", errors.MissingHeaderBodySeparatorDefect),
    "a name in UTF-8": ("Größe: 1\r\n".encode(), errors.MissingHeaderBodySeparatorDefect),
    "a CR inside": (b"A: b\rC: d\r\n", errors.MissingHeaderBodySeparatorDefect),
    "a NUL": (b"A: b\0\r\n", errors.MissingHeaderBodySeparatorDefect),
    "a mailbox": (b"From someone\r\n", errors.MissingHeaderBodySeparatorDefect),
    "continued": (b"nonsense\r\n\tand more: of it\r\n", errors.MissingHeaderBodySeparatorDefect),
}


def get(server: Server, **options: Any) -> Any:
    """The response to a GET."""
    connection = server.connection(**options)
    connection.request("GET", "/")
    return connection.getresponse()


@pytest.mark.parametrize("kind", BAD)
def test_the_others_are_kept(kind: str) -> None:
    line, defect = BAD[kind]
    head = b"HTTP/1.1 200 OK\r\nFirst: 1\r\n" + line + b"Folded: 2\r\n\tand 3\r\nContent-Length: 2\r\n\r\nok"
    with Server(answers(head)) as server:
        response = get(server, lenient_headers=True)
        assert response.headers.keys() == ["First", "Folded", "Content-Length"]
        assert response.headers["folded"].split() == ["2", "and", "3"]
        # With the length the connection is kept, too.
        assert (response.length, response.will_close, response.read()) == (2, False, b"ok")
        first = response.headers.defects[0]
        assert type(first) is defect
        assert "".join(found.line for found in response.msg.defects).encode("latin-1") == line


@pytest.mark.parametrize(
    "line", [b"Transfer-Encoding : chunked", b"X Content-Length: 9", b"nonsense\r\n connection: close"]
)
def test_a_connection_is_closed_if_such_a_line_may_have_framed_the_body(line: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + line + b"\r\n\r\nok"
    with Server(answers(head)) as server:
        response = get(server, lenient_headers=True)
        assert (response.length, response.will_close, response.read()) == (2, True, b"ok")


def test_a_first_line_that_goes_on_from_nothing() -> None:
    with Server(answers(b"HTTP/1.1 200 OK\r\n and more\r\nA: b\r\nContent-Length: 0\r\n\r\n")) as server:
        response = get(server, lenient_headers=True)
        assert response.headers.items() == [("A", "b"), ("Content-Length", "0")]
        (defect,) = response.headers.defects
        assert type(defect) is errors.FirstHeaderLineIsContinuationDefect


def test_a_good_head_has_no_defects() -> None:
    with Server(answers(b"HTTP/1.1 200 OK\r\nA: b\r\nA: c\r\nContent-Length: 0\r\n\r\n")) as server:
        response = get(server, lenient_headers=True)
        assert (response.headers.get_all("a"), response.headers.defects) == (["b", "c"], [])


@pytest.mark.parametrize("limit", [None, 5])
def test_the_limits_hold(limit: int | None) -> None:
    most = 100 if limit is None else limit
    with (
        Server(answers(b"HTTP/1.1 200 OK\r\n" + b"nonsense\r\n" * (most + 1) + b"\r\n")) as server,
        pytest.raises(client.HTTPException, match=f"got more than {most} headers"),
    ):
        get(server, lenient_headers=True, max_response_headers=limit)


def test_without_the_option_the_rest_is_lost() -> None:
    with Server(answers(b"HTTP/1.1 200 OK\r\nA: b\r\nnonsense\r\nC: d\r\n\r\n")) as server:
        assert get(server).headers.items() == [("A", "b")]
