"""A tunnel through a proxy: methods of a connection."""

from __future__ import annotations

import sys

import straightwire.client as face
from straightwire._debug import say
from straightwire._hosts import encode_target, encode_tunnel_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Before 3.12 a tunnel was asked for in HTTP/1.0, without Host; the suites of those versions look for that.
_OLD_TUNNELS = sys.version_info < (3, 12)


def set_tunnel(self: Any, host: str, port: int | None = None, headers: dict[str, Any] | None = None) -> None:
    """Reach `host` through the server that this connection was made for, a proxy, by CONNECT."""
    if self.sock:
        raise RuntimeError("Can't set up tunnel for established connection")
    self._tunnel_host, self._tunnel_port = self._get_hostport(host, port)
    self._tunnel_headers = dict(headers) if type(headers) is dict else headers.copy() if headers else {}
    if not _OLD_TUNNELS and not any(name.lower() == "host" for name in self._tunnel_headers):
        target = self._wrap_ipv6(encode_target(self._tunnel_host)).decode("ascii")
        self._tunnel_headers["Host"] = "%s:%d" % (target, self._tunnel_port)  # noqa: UP031  (numbers only)


def wrap_ipv6(self: Any, ip: Any) -> Any:
    if b":" in ip and ip[:1] != b"[":
        return b"[" + ip + b"]"
    return ip


def open_tunnel(self: Any) -> None:
    """Asks the proxy for the tunnel."""
    host = self._tunnel_host
    assert host is not None
    version = "HTTP/1.0" if _OLD_TUNNELS else self._http_vsn_str
    name = host.encode("ascii") if _OLD_TUNNELS else encode_target(host)
    if bad := face._contains_disallowed_url_pchar_re.search(host):
        raise ValueError(f"Tunnel host can't contain control characters {bad.group()!r}")
    target = b"%s:%d" % (self._wrap_ipv6(name), self._tunnel_port)
    self.send(encode_tunnel_head(target, self._tunnel_headers, version))
    response = self.response_class(self.sock, method=self._method)
    try:
        _, status, reason = response._read_status()
        if self.max_response_headers is None:
            self._raw_proxy_headers = face._read_headers(response.fp)
        else:
            self._raw_proxy_headers = face._read_headers(response.fp, self.max_response_headers)
        # The headers of a refusal were not looked at before 3.12, and may be anything.
        if self.debuglevel > 0 and (status == 200 or not _OLD_TUNNELS):
            for line in self._raw_proxy_headers or ():
                say("header:", line.decode())
        if status != 200:
            self.close()
            raise OSError(f"Tunnel connection failed: {status} {reason.strip()}")
    finally:
        response.close()


def get_proxy_response_headers(self: Any) -> Any:
    """The headers of the proxy's answer to CONNECT, None if there was none."""
    raw = self._raw_proxy_headers
    return None if raw is None else face._parse_header_lines(raw)
