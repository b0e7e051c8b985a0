"""Fields that are sent: a header, or a trailer, as a line without its end."""

from __future__ import annotations

import straightwire.client as face
from straightwire._engine import Guard, field_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What the short cut for a line leaves out, if nobody has put others in their place.
JUDGES_NAMES = ("_is_legal_header_name", "_is_illegal_header_value")
JUDGES = Guard({}, None, face, JUDGES_NAMES)


def encode_field(name: str | bytes, values: tuple[Any, ...]) -> bytes:
    """A field; `ValueError` if it would break out of its line."""
    # Which object is asked about doesn't matter: there are no steps of its own.
    if JUDGES.passes(name):
        line = field_line(name, values)
        if line is not None:
            return line
    raw_name: Any = name.encode("ascii") if hasattr(name, "encode") else name
    if not face._is_legal_header_name(raw_name):
        raise ValueError(f"Invalid header name {raw_name!r}")
    raw = []
    for value in values:
        if hasattr(value, "encode"):
            value = value.encode("latin-1")
        elif isinstance(value, int):
            value = str(value).encode("ascii")
        if face._is_illegal_header_value(value):
            raise ValueError(f"Invalid header value {value!r}")
        raw.append(value)
    return raw_name + b": " + b"\r\n\t".join(raw)
