"""A connection to a server: requests go out, responses come in, one after the other."""

from __future__ import annotations

import errno
import io
import socket
import sys
from collections.abc import Iterator
from sys import audit

import straightwire.client as face
from straightwire import _bodies as bodies
from straightwire import _exchange as exchange
from straightwire import _extras as extras
from straightwire import _trailers as trailing
from straightwire import _tunnel as tunnel
from straightwire import _upload as upload
from straightwire._debug import say
from straightwire._engine import Guard, begin, join_head, send_all
from straightwire._errors import (
    CannotSendHeader,
    CannotSendRequest,
    NotConnected,
    RemoteDisconnected,
    ResponseNotReady,
)
from straightwire._fields import JUDGES_NAMES, encode_field
from straightwire._hosts import absolute_host_value, host_value, refuse_url, split_port
from straightwire._response import OPENING, HTTPResponse
from straightwire._sockets import drop_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from typing_extensions import Unpack

    from straightwire._timings import Timings

_IDLE = "Idle"
_STARTED = "Request-started"
_SENT = "Request-sent"

# How a file on disk is read where that makes no chunks, and no other size was asked for.
_LARGE_BLOCK = 64 * 1024
_FILES = (io.BufferedReader, io.BufferedRandom)

# A body up to this size travels in one packet with the head.
_SMALL_BODY = 16 * 1024


class HTTPConnection:
    __doc__ = extras.ABOUT
    __module__ = "http.client"

    _http_vsn = 11
    _http_vsn_str = "HTTP/1.1"
    response_class: Any = HTTPResponse
    default_port = 80
    auto_open = 1
    debuglevel = 0

    sock: Any = None
    max_response_headers: int | None = None
    _method: str | None = None
    _tunnel_host: str | None = None
    _tunnel_port: Any = None
    _raw_proxy_headers: list[bytes] | None = None
    _exchange: exchange.Exchange | None = None
    # For connections that were made without our `__init__`.
    _host_made: tuple[Any, ...] = (None, None, None, None)

    # What `http.client` lacks: see `Extras`.
    expect_timeout: float | None = None
    expect_retry = False
    early_response = False
    skip_interim = False
    on_interim: Any = None
    repeat_stale: bool | Literal["any"] = False
    strict_length = False
    lenient_headers = False
    timed = False
    timings: Timings | None = None

    _is_textIO = staticmethod(bodies.is_text)
    _get_content_length = staticmethod(bodies.content_length)

    def __init__(
        self,
        host: str,
        port: int | None = None,
        timeout: Any = socket._GLOBAL_DEFAULT_TIMEOUT,  # type: ignore[attr-defined]
        source_address: tuple[str, int] | None = None,
        blocksize: int = 8192,
        *,
        max_response_headers: int | None = None,
        **options: Unpack[extras.Extras],
    ) -> None:
        self.timeout = timeout
        self.source_address = source_address
        self.blocksize = blocksize
        self._buffer: list[bytes] = []
        self.__response: Any = None
        self.__state = _IDLE
        self._tunnel_headers: dict[str, Any] = {}
        self.sock = None
        self._method = None
        self._tunnel_host = None
        self._tunnel_port = None
        self._raw_proxy_headers = None
        # Stock methods of 3.15 look for it here: a connection may outlive `uninstall`.
        self.max_response_headers = max_response_headers
        self.host, self.port = self._get_hostport(host, port)
        self._validate_host(self.host)
        # Looked up when a connection is made, so that whoever patches the socket module is heard.
        self._create_connection = face.socket.create_connection
        # The last value of Host, after what it was made from.
        self._host_made = (None, None, None, None)
        self._exchange = None
        if options:
            extras.put(self, options)

    def _get_hostport(self, host: str, port: Any) -> tuple[str, Any]:
        return split_port(host, port, self.default_port)

    def set_debuglevel(self, level: int) -> None:
        """Print what is sent and received from level 1 on."""
        self.debuglevel = level

    # -- opening and closing

    set_tunnel = tunnel.set_tunnel
    _wrap_ipv6 = tunnel.wrap_ipv6
    _tunnel = tunnel.open_tunnel
    get_proxy_response_headers = tunnel.get_proxy_response_headers

    def connect(self) -> None:
        """Connects to the host and port given, and through the tunnel if there is one."""
        sys.audit("http.client.connect", self, self.host, self.port)
        self.sock = self._create_connection((self.host, self.port), self.timeout, self.source_address)
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as fault:
            if fault.errno != errno.ENOPROTOOPT:  # not TCP
                raise
        if self._tunnel_host:
            try:
                self._tunnel()
            except BaseException:
                drop_socket(self)
                raise

    def close(self) -> None:
        """Closes the connection; the next request opens it anew."""
        self.__state = _IDLE
        # A request that was refused half-way must not go out with the next one.
        del self._buffer[:]
        self._exchange = None
        if self.__response is not None and getattr(self.__response, "_handed_over", False):
            self.sock = None
        try:
            sock, self.sock = self.sock, None
            if sock:
                sock.close()
        finally:
            response, self.__response = self.__response, None
            if response:
                response.close()

    def __forget_response(self) -> None:
        """Lets go of a response that is done with, and of the connection if it was given up unread."""
        response = self.__response
        if response is None or not response.isclosed():
            return
        self.__response = None
        if getattr(response, "_handed_over", False):
            self.sock = None
        elif getattr(response, "_abandoned", False) and self.sock:
            # The rest of that body would be taken for the next response.
            drop_socket(self)

    # -- sending

    def send(self, data: Any) -> None:
        """Sends bytes, what a file gives, or what an iterable does; connects first where that is allowed."""
        if self.sock is None:
            if not self.auto_open:
                raise NotConnected()
            self.connect()
        if self.debuglevel > 0:
            say("send:", repr(data))
        if self._exchange is not None and self._exchange.is_watched:
            upload.send(self, data)
            return
        if type(data) is not bytes:
            bodies.send_any(self, data)
            return
        audit("http.client.send", self, data)
        send_all(self.sock, data)

    def _output(self, s: bytes) -> None:
        """Adds a line to the request's head."""
        self._buffer.append(s)

    def _read_readable(self, readable: Any) -> Iterator[bytes]:
        """What a file gives, by `blocksize`."""
        if self.debuglevel > 0:
            say(bodies.READING)
        return bodies.blocks(self, readable)

    def _send_output(self, message_body: Any = None, encode_chunked: bool = False) -> None:
        """Sends the head that has been put together, and the body."""
        self._buffer.extend((b"", b""))
        head = b"\r\n".join(self._buffer)
        del self._buffer[:]
        if self._exchange is None:
            self.send(head)
        else:
            upload.send_head(self, head)
        encode_chunked = encode_chunked and self._http_vsn == 11
        if message_body is None:
            # Without its last chunk the server would wait for ever, where one was announced.
            encode_chunked = encode_chunked and b"\r\ntransfer-encoding:" in head.lower()
        elif self._exchange is None or upload.is_wanted(self, message_body):
            block = _LARGE_BLOCK if not encode_chunked and self.__may_cut_freely(message_body) else None
            bodies.send_body(self, message_body, encode_chunked, block)
        if encode_chunked:
            self.send(bodies.LAST_CHUNK)

    def __may_cut_freely(self, file: Any) -> bool:
        """Whether nobody can tell, or has said, by how much a file is read."""
        return (
            type(file) in _FILES
            and self.blocksize == 8192
            and type(file.raw) is io.FileIO
            and STEPS.passes(self)
            and type(self)._read_readable is _READ_READABLE
        )

    # -- a request, step by step

    def putrequest(
        self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False
    ) -> None:
        """Begins a request: its first line, Host and Accept-Encoding unless told to skip them."""
        self.__forget_response()
        if self.__state != _IDLE:
            raise CannotSendRequest(self.__state)
        self.__state = _STARTED
        self._exchange = None if extras.NONE.passes(self) else exchange.begin(self, method)
        self._validate_method(method)
        self._method = method
        url = url or "/"
        self._validate_path(url)
        self._output(self._encode_request(f"{method} {url} {self._http_vsn_str}"))
        if self._http_vsn != 11:
            return
        if not skip_host:
            self.putheader("Host", absolute_host_value(url) or self.__host_shown())
        if not skip_accept_encoding:
            # The body is handed on as it comes, so no coding is asked for.
            self.putheader("Accept-Encoding", "identity")

    def __host_shown(self) -> bytes | str:
        """As `putheader` has always been given it: text with a port, bytes without."""
        value = self.__host_value()
        port = self._tunnel_port if self._tunnel_host else self.port
        return value if port == self.default_port else value.decode("ascii")

    def __host_value(self) -> bytes:
        if self._tunnel_host:
            made_from = self._tunnel_host, self._tunnel_port, self.default_port
        else:
            made_from = self.host, self.port, self.default_port
        *last, value = self._host_made
        if last != [*made_from]:
            value = host_value(*made_from)
            self._host_made = (*made_from, value)
        return value

    def _encode_request(self, request: str) -> bytes:
        return request.encode("ascii")

    def _validate_method(self, method: str) -> None:
        """`ValueError` for a method that would break the request line."""
        if bad := face._contains_disallowed_method_pchar_re.search(method):
            raise ValueError(
                f"method can't contain control characters. {method!r} (found at least {bad.group()!r})"
            )

    def _validate_path(self, url: str) -> None:
        """`InvalidURL` for a target that would break the request line."""
        refuse_url(url)

    def _validate_host(self, host: str) -> None:
        """`InvalidURL` for a host that would break the head."""
        refuse_url(host)

    def putheader(self, header: str | bytes, *values: Any) -> None:
        """Adds a header; several values become lines of one header."""
        if self.__state != _STARTED:
            raise CannotSendHeader()
        self._output(encode_field(header, values))

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        """Ends the head and sends it, with the body if there is one."""
        if self.__state != _STARTED:
            raise CannotSendHeader()
        self.__state = _SENT
        self._send_output(message_body, encode_chunked=encode_chunked)

    endchunks = trailing.end_chunks

    # -- a request at once

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = {},  # noqa: B006  (never changed; the default that introspection shows)
        *,
        encode_chunked: bool = False,
        trailers: Any = None,
    ) -> None:
        """Sends a whole request; with trailers, or a function that gives them after the body, in chunks."""
        if trailers is not None:
            trailing.request(self, method, url, body, headers, trailers)
            return
        self._send_request(method, url, body, headers, encode_chunked)

    def _send_request(self, method: str, url: str, body: Any, headers: Any, encode_chunked: bool) -> None:
        if (
            type(headers) is dict
            and (body is None or type(body) is bytes)
            and STEPS.passes(self)
            and type(self._buffer) is list
            and not self._buffer
            and self.__send_plain(method, url, body, headers)
        ):
            return
        given = frozenset(name.lower() for name in headers)
        skips: dict[str, Any] = {}
        if "host" in given:
            skips["skip_host"] = 1
        if "accept-encoding" in given:
            skips["skip_accept_encoding"] = 1
        self.putrequest(method, url, **skips)
        if "content-length" in given:
            encode_chunked = False
        elif "transfer-encoding" not in given:
            encode_chunked = False
            length = self._get_content_length(body, method)
            if length is not None:
                self.putheader("Content-Length", str(length))
            elif body is not None:
                if self.debuglevel > 0:
                    say(f"Unable to determine size of {body!r}")
                encode_chunked = True
                self.putheader("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            self.putheader(name, value)
        if isinstance(body, str):
            body = face._encode(body, "body")
        self.endheaders(body, encode_chunked=encode_chunked)

    def __send_plain(self, method: str, url: str, body: bytes | None, headers: Any) -> bool:
        """`_send_request` for a request in which nothing is odd; says whether it was one, else nothing is done."""
        if self.__response is not None:
            self.__forget_response()
        if self.__state != _IDLE:
            return False
        made = self._host_made
        if (
            made[0] is self.host
            and made[1] is self.port
            and self._tunnel_host is None
            and made[2] is self.default_port
        ):
            host = made[3]
        else:
            try:
                host = self.__host_value()
            except (UnicodeError, ValueError):
                return False
        if body is not None:
            length: int | None = len(body)
        else:
            length = 0 if method in _EXPECTING else None
        head = join_head(method, url, host, length, headers)
        if head is None:
            return False
        self._method = method
        self.__state = _SENT
        if self.sock is None:
            if not self.auto_open:
                raise NotConnected()
            self.connect()
        audit("http.client.send", self, head)
        if not body:
            send_all(self.sock, head)
        elif len(body) <= _SMALL_BODY:
            # One packet, told apart to auditors.
            audit("http.client.send", self, body)
            send_all(self.sock, head + body)
        else:
            send_all(self.sock, head)
            self.send(body)
        return True

    # -- the response

    def getresponse(self) -> HTTPResponse:
        """The response to the request that was sent, its head read."""
        if self.__response is not None and self.__response.isclosed():
            self.__forget_response()
            if self.__state == _SENT and self.sock is None:
                # This request had gone out on the connection that was given up with the response before.
                self.close()
                raise RemoteDisconnected(
                    "The connection was closed with the response before, which was not read"
                )
        if self.__state != _SENT or self.__response:
            raise ResponseNotReady(self.__state)
        if self._exchange is not None:
            response = exchange.respond(self)
        elif (
            self.response_class is HTTPResponse and self.max_response_headers is None and self.debuglevel <= 0
        ):
            try:
                begun = begin(OPENING, HTTPResponse, _NEW, self.sock, self._method)
            except ConnectionError:
                self.close()
                raise
            if type(begun) is HTTPResponse:
                self.__state = _IDLE
                if begun.will_close:
                    # The response goes on reading: it holds the socket open.
                    self.close()
                else:
                    self.__response = begun
                return begun
            response = self.__respond(begun)
        else:
            response = self.__respond(None)
        try:
            try:
                if self.max_response_headers is None:
                    response.begin()
                else:
                    response.begin(_max_headers=self.max_response_headers)
            except ConnectionError:
                self.close()
                raise
            assert response.will_close != "UNKNOWN"
            self.__state = _IDLE
            if response.will_close:
                # The response goes on reading: it holds the socket open.
                self.close()
            else:
                self.__response = response
            return response
        except BaseException:
            response.close()
            raise

    def __respond(self, reader: Any) -> Any:
        """A response whose head has yet to be read, by `reader` if there is one."""
        if reader is None:
            return exchange.open_response(self)
        response = _NEW(HTTPResponse)
        response.fp = reader
        response._method = self._method
        return response


_NEW = HTTPResponse.__new__
_READ_READABLE = HTTPConnection._read_readable
_STEPS = (
    "putrequest", "putheader", "endheaders", "send", "debuglevel", "_http_vsn", "_http_vsn_str", "_send_output",
    "_output", "_encode_request", "_validate_method", "_validate_path", "_get_content_length",
)  # fmt: skip

# What the short cut through `_send_request` leaves out, and the number of attributes that a connection has.
STEPS = Guard(
    {step: getattr(HTTPConnection, step) for step in (*_STEPS, *extras.DEFAULTS)},
    extras.ATTRIBUTES,
    face,
    JUDGES_NAMES,
)

# As they are usually written; in any other case the slow way finds out.
_EXPECTING = frozenset(("PATCH", "POST", "PUT"))
