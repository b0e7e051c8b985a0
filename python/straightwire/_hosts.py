"""Host names as they go on the wire, and the texts that mustn't."""

from __future__ import annotations

import re

import straightwire.client as face
from straightwire._errors import InvalidURL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# No name in the DNS is longer than 253 bytes; the codec needs seconds for a hundred thousand characters.
_LONGEST_NAME = 1024

# What would end the authority of a URL: compatibility forms of these (U+FF0F) come out of the codec as ASCII.
_DELIMITER = re.compile(rb"[\x00-\x20\x7f/?#@\\]").search


def encode_host(host: str) -> bytes:
    """A host name in ASCII, international ones as IDNA has them."""
    try:
        return host.encode("ascii")
    except UnicodeEncodeError:
        return encode_target(host)


def encode_target(host: str) -> bytes:
    """The same for a tunnel's end, whose labels must have a length that a name's can have."""
    encode = host.encode
    is_plain = host.isascii()
    if len(host) > _LONGEST_NAME and not is_plain:
        raise UnicodeError("host name too long")
    name = encode("idna")
    if not is_plain and _DELIMITER(name):
        raise InvalidURL(f"host name {host!r} can't be encoded safely: {name!r}")
    return name


def host_value(host: str, port: Any, default_port: int) -> bytes:
    """The value of Host for a server: brackets around an IPv6 address, no zone, no default port."""
    name = encode_host(host)
    if b":" in name:
        name = without_zone(name if name.startswith(b"[") else b"[" + name + b"]")
    return name if port == default_port else b"%s:%s" % (name, str(port).encode("ascii"))


def absolute_host_value(url: str) -> bytes | None:
    """The value of Host for an absolute URL, None for any other: its authority without user and zone."""
    if not url.startswith("http"):
        return None
    from urllib.parse import urlsplit

    authority = urlsplit(url).netloc.rpartition("@")[2]
    return without_zone(encode_host(authority)) if authority else None


def without_zone(name: bytes) -> bytes:
    """`[fe80::1%eth0]:80` as `[fe80::1]:80`: the zone means nothing to the other side (RFC 6874)."""
    if not name.startswith(b"["):
        return name
    address, zone, rest = name.partition(b"%")
    return address + b"]" + rest.partition(b"]")[2] if zone else name


def split_port(host: str, port: Any, default_port: int) -> tuple[str, Any]:
    """Host and port apart, where `port` is None; an IPv6 address without its brackets."""
    if port is None:
        colon = host.rfind(":")
        if colon < 0 or "]" in host[colon:]:
            port = default_port
        else:
            # An empty port is the default one, as in "http://host:/".
            host, digits = host[:colon], host[colon + 1 :]
            try:
                port = int(digits) if digits else default_port
            except ValueError:
                raise InvalidURL(f"nonnumeric port: '{digits}'")  # noqa: B904  (shown with what `int` says)
    if host and host[0] == "[" and host[-1] == "]":
        host = host[1:-1]
    return host, port


def refuse_url(text: str) -> None:
    """`InvalidURL` for what would break the request line."""
    if bad := face._contains_disallowed_url_pchar_re.search(text):
        raise InvalidURL(
            f"URL can't contain control characters. {text!r} (found at least {bad.group()!r})"
        ) from None


def encode_tunnel_head(target: bytes, headers: dict[Any, Any], version: str) -> bytes:
    """The CONNECT request to a proxy."""
    lines = [b"CONNECT %s %s" % (target, version.encode("ascii"))]
    for name, value in headers.items():
        f"{name}: {value}\r\n".encode("latin-1")  # an error shows the line
        raw_name, raw_value = str(name).encode("latin-1"), str(value).encode("latin-1")
        if not face._is_legal_header_name(raw_name):
            raise ValueError(f"Invalid header name {raw_name!r}")
        if face._is_illegal_header_value(raw_value):
            raise ValueError(f"Invalid header value {raw_value!r}")
        lines.append(raw_name + b": " + raw_value)
    lines.append(b"\r\n")
    return b"\r\n".join(lines)
