"""Attributes that are made when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Late:
    """An attribute that `make` puts on its object, where it then stands in place of this."""

    __slots__ = ("make", "name")

    def __init__(self, make: Callable[[Any], None], name: str = "") -> None:
        self.make = make
        self.name = name

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, holder: Any, kind: type | None = None) -> Any:
        if holder is None:
            return None
        self.make(holder)
        return holder.__dict__.get(self.name)
