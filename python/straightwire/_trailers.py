"""Fields after a body in chunks (RFC 9112 7.1.2): those that are sent, and those that came."""

from __future__ import annotations

import straightwire.client as face
from straightwire import _bodies as bodies
from straightwire._errors import CannotSendHeader
from straightwire._fields import encode_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    Fields: TypeAlias = Mapping[str, Any] | Iterable[tuple[str, Any]]

# What frames, routes, authenticates or says how to read the body comes too late after it (RFC 9110 6.5.1).
_TOO_LATE = frozenset((
    "authorization", "cache-control", "connection", "content-encoding", "content-length", "content-range", "content-type",
    "cookie", "expect", "host", "max-forwards", "proxy-authorization", "range", "te", "trailer", "transfer-encoding",
    "upgrade",
))  # fmt: skip


def request(
    self: Any, method: str, url: str, body: Any, headers: Any, trailers: Fields | Callable[[], Fields]
) -> None:
    """A request in chunks, whatever its body, with trailers at the end."""
    given = {name.lower() for name in headers}
    if self._http_vsn != 11 or "content-length" in given:
        raise ValueError("Trailers need chunks: HTTP/1.1, and no Content-Length")
    if not callable(trailers):
        # Pairs that can be had only once are needed twice.
        trailers = pairs(trailers)
    early = None if callable(trailers) else encode(trailers)
    self.putrequest(method, url, skip_host="host" in given, skip_accept_encoding="accept-encoding" in given)
    if "transfer-encoding" not in given:
        self.putheader("Transfer-Encoding", "chunked")
    if early and "trailer" not in given:
        self.putheader("Trailer", ", ".join(line.partition(b":")[0].decode("ascii") for line in early))
    for name, value in headers.items():
        self.putheader(name, value)
    self.endheaders()
    if body is not None:
        bodies.send_body(self, face._encode(body, "body") if isinstance(body, str) else body, True, None)
    if self._exchange is None or not self._exchange.is_stopped:
        self.endchunks(trailers() if callable(trailers) else trailers)


def end_chunks(self: Any, trailers: Fields = ()) -> None:
    """Ends a body that was sent in chunks: the last chunk, and trailers if there are some."""
    if self._HTTPConnection__state != face._CS_REQ_SENT:
        # It would be taken for the beginning of a request.
        raise CannotSendHeader()
    self.send(b"".join((b"0\r\n", *(line + b"\r\n" for line in encode(trailers)), b"\r\n")))


def pairs(trailers: Fields) -> list[tuple[str, Any]]:
    """Trailers, however they were given, one by one."""
    return list(trailers.items() if hasattr(trailers, "items") else trailers)


def encode(trailers: Fields) -> list[bytes]:
    """The lines of trailers; `ValueError` for those that may not be any."""
    given = pairs(trailers)
    for name, _ in given:
        shown = name.decode("latin-1") if isinstance(name, bytes) else name
        if shown.strip().lower() in _TOO_LATE:
            raise ValueError(f"{shown} can't be a trailer")
    return [encode_field(name, (value,)) for name, value in given]
