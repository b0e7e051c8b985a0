"""The headers of a response, as a message of the email package."""

from __future__ import annotations

from email._policybase import compat32
from email.message import Message

from straightwire._late import Late
from straightwire._lines import parse_header_lines, parse_headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Fields:
    """`_headers`: made from the head when it is asked for; what is put there takes the head's place."""

    def __get__(self, message: Any, kind: type | None = None) -> Any:
        if message is None:
            return self
        held = message.__dict__
        fields = held.get("_headers")
        if fields is None:
            head = message._head
            if head is None:
                raise AttributeError(f"{type(message).__name__!r} object has no attribute '_headers'")
            fields = held["_headers"] = head.items()
            message._head = None
        return fields

    def __set__(self, message: Any, fields: Any) -> None:
        message._head = None
        message.__dict__["_headers"] = fields


def _make_defects(message: Any) -> None:
    message.defects = []


class HTTPMessage(Message):
    """The fields of a head, as an `email.message.Message` without a body."""

    __module__ = "http.client"

    # What every message holds that was made from a head. As long as nobody wants the list of its fields, to change
    # it or in an unusual way, the head itself answers.
    _head: Any = None
    _headers: Any = _Fields()
    defects: Any = Late(_make_defects)
    policy = compat32
    _unixfrom = None
    _payload: Any = ""
    _charset = None
    preamble = None
    epilogue = None
    _default_type = "text/plain"

    def get(self, name: str, failobj: Any = None) -> Any:
        """The first value of that name, else `failobj`."""
        head = self._head
        if head is None or type(name) is not str or self.policy is not compat32:
            return Message.get(self, name, failobj)
        return head.get(name, failobj)

    def get_all(self, name: str, failobj: Any = None) -> Any:
        """All values of that name in a list, else `failobj`."""
        head = self._head
        if head is None or type(name) is not str or self.policy is not compat32:
            return Message.get_all(self, name, failobj)
        return head.get_all(name, failobj)

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        head = self._head
        if head is None or type(name) is not str:
            return Message.__contains__(self, name)  # type: ignore[operator]
        return name in head

    def keys(self) -> list[str]:
        """The names in order, repeated where the field is."""
        head = self._head
        return Message.keys(self) if head is None else head.keys()

    def values(self) -> list[Any]:
        """The values in order."""
        head = self._head
        return Message.values(self) if head is None or self.policy is not compat32 else head.values()

    def items(self) -> list[tuple[str, Any]]:
        """The fields in order as (name, value) pairs."""
        head = self._head
        return Message.items(self) if head is None or self.policy is not compat32 else head.items()

    def __getstate__(self) -> dict[str, Any]:
        """All that a message of the email package holds: this may be read where there is no other module."""
        held = {name: getattr(self, name) for name in _HELD} | self.__dict__
        held.pop("_head", None)
        return held

    def getallmatchingheaders(self, name: str) -> list[str]:
        """Always an empty list, as it has been since Python 3.0: use `get_all`."""
        name.lower() + ":"  # refuses what is no name, as ever
        return []


# What a message of the email package holds itself.
_HELD = (
    "policy", "_headers", "_unixfrom", "_payload", "_charset", "preamble", "epilogue", "defects", "_default_type"
)  # fmt: skip


parse_headers.__defaults__ = parse_header_lines.__defaults__ = (HTTPMessage,)
