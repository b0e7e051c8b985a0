"""How long each phase of an exchange took: `timed`."""

from __future__ import annotations

from time import perf_counter


class Timings:
    """Seconds by phase; None for one that there was none of, or that isn't over.

    `connect` is looking the name up and connecting, and a proxy's tunnel; `tls` the handshake; `send` the head and the body;
    `wait` from there to the first byte of the answer; `receive` from there to the end of its body.
    """

    __slots__ = ("_began", "_is_connecting", "_since", "connect", "receive", "send", "tls", "wait")

    def __init__(self) -> None:
        self.connect: float | None = None
        self.tls: float | None = None
        self.send: float | None = None
        self.wait: float | None = None
        self.receive: float | None = None
        self._is_connecting = False
        self._began = self._since = perf_counter()

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={seconds:.6f}" for name, seconds in self.phases().items())
        return f"{type(self).__name__}({shown})"

    def phases(self) -> dict[str, float]:
        """The phases that are over, in their order."""
        names = ("connect", "tls", "send", "wait", "receive")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @property
    def total(self) -> float:
        """All phases together that are over."""
        return sum(self.phases().values())

    # -- told by those who do it

    def connects(self) -> None:
        """A connection is to be opened."""
        self._is_connecting = True
        self._since = perf_counter()

    def has_connected(self) -> None:
        """It is open; what follows, if anything, is TLS."""
        if self._is_connecting:
            self.connect, self._since = perf_counter() - self._since, perf_counter()

    def sends(self) -> None:
        """It is ready, and the request begins to go out."""
        if self._is_connecting:
            if self.connect is None:
                self.has_connected()
            else:
                self.tls = perf_counter() - self._since
        self._is_connecting = False
        self._began = perf_counter()

    def has_sent(self) -> None:
        """All has gone out, so far."""
        self._since = perf_counter()
        self.send = self._since - self._began

    def has_answered(self) -> None:
        """The first byte of the answer is here."""
        self.wait, self._since = perf_counter() - self._since, perf_counter()

    def has_ended(self) -> None:
        """The answer is over, or was given up."""
        if self.wait is not None and self.receive is None:
            self.receive = perf_counter() - self._since
