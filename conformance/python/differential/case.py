"""What is played: sockets with what comes out of them, and calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# A call: its name in a table of calls, then its arguments, which are never changed.
Step = tuple[Any, ...]


@dataclass
class Case:
    """One case, the same for both modules."""

    # Whether the calls are made on a response alone or on a connection.
    kind: str
    # What answers: see `sockets.KINDS`.
    socket: str
    # What each connection that is opened gives, one after the other.
    wires: list[bytes]
    steps: list[Step]
    method: str | None = "GET"
    debuglevel: int = 0
    # The host and port of a connection, and what else its constructor is given.
    host: tuple[Any, ...] = ("example.test",)
    options: dict[str, Any] = field(default_factory=dict)
    # Methods that somebody has put their own in place of, which log the call and go on to the old ones.
    overridden: tuple[str, ...] = ()
    # How they did: "subclass", "class" (patched) or "object".
    override: str = "subclass"

    def lines(self) -> list[str]:
        """The case as it is shown to people."""
        shown = [
            f"{self.kind} over {self.socket!r} sockets, method {self.method!r}, debuglevel {self.debuglevel}"
        ]
        if self.kind == "connection":
            shown.append(f"host {self.host!r}, options {self.options!r}")
        if self.overridden:
            shown.append(f"overridden ({self.override}): {', '.join(self.overridden)}")
        for number, wire in enumerate(self.wires):
            text = repr(wire) if len(wire) < 4000 else f"{wire[:4000]!r}… ({len(wire)} bytes)"
            shown.append(f"wire {number}: {text}")
        return shown
