"""The exceptions of `http.client`, by the names, bases and texts that programs match on."""

from __future__ import annotations

import straightwire.client as face

# Lines on the wire (status, header, chunk size, trailer) are at most this long, their end included.
MAXLINE = 65536


class HTTPException(Exception):
    """The base of everything that goes wrong above the socket."""

    __module__ = "http.client"


class NotConnected(HTTPException):
    """There is no connection, and `auto_open` is off."""

    __module__ = "http.client"


class InvalidURL(HTTPException):
    """A URL, host or port that can't be put on the wire."""

    __module__ = "http.client"


class UnknownProtocol(HTTPException):
    """The status line names a protocol other than HTTP/0.9 to HTTP/1.x."""

    __module__ = "http.client"

    def __init__(self, version: str) -> None:
        self.args = (version,)
        self.version = version


class UnknownTransferEncoding(HTTPException):
    """Kept for its name: nothing raises it."""

    __module__ = "http.client"


class UnimplementedFileMode(HTTPException):
    """Kept for its name: nothing raises it."""

    __module__ = "http.client"


class IncompleteRead(HTTPException):
    """The body ended early; `partial` holds what came, `expected` how many bytes were still missing."""

    __module__ = "http.client"

    def __init__(self, partial: bytes, expected: int | None = None) -> None:
        self.args = (partial,)
        self.partial = partial
        self.expected = expected

    def __repr__(self) -> str:
        missing = "" if self.expected is None else f", {self.expected} more expected"
        return f"{type(self).__name__}({len(self.partial)} bytes read{missing})"

    # The counts, not the bytes themselves, are what a message should show.
    __str__ = object.__str__


class ImproperConnectionState(HTTPException):
    """A call that the connection's state doesn't allow."""

    __module__ = "http.client"


class CannotSendRequest(ImproperConnectionState):
    """A request was begun before the one under way was finished."""

    __module__ = "http.client"


class CannotSendHeader(ImproperConnectionState):
    """A header outside of a request's head."""

    __module__ = "http.client"


class ResponseNotReady(ImproperConnectionState):
    """A response was asked for that no request has earned yet."""

    __module__ = "http.client"


class BadStatusLine(HTTPException):
    """The answer doesn't begin with a status line; `line` is what came instead."""

    __module__ = "http.client"

    def __init__(self, line: str) -> None:
        line = line or repr(line)
        self.args = (line,)
        self.line = line


class LineTooLong(HTTPException):
    """A line longer than any that is read."""

    __module__ = "http.client"

    def __init__(self, line_type: str) -> None:
        super().__init__(f"got more than {face._MAXLINE} bytes when reading {line_type}")


class RemoteDisconnected(ConnectionResetError, BadStatusLine):
    """The server closed the connection instead of answering: both a lost connection and an empty answer."""

    __module__ = "http.client"

    def __init__(self, *args: object) -> None:
        BadStatusLine.__init__(self, "")
        ConnectionResetError.__init__(self, *args)


error = HTTPException
