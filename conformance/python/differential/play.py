"""A case played on a module: what each call did, and what was left behind."""

from __future__ import annotations

import io
import random
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

from . import messages, observe, reading, sending
from .case import Case, Step
from .sockets import Line


class Entry(NamedTuple):
    """What a call did, and what could be seen after it."""

    call: Any
    outcome: Any
    response: Any
    connection: Any
    sent: bytes
    printed: str
    log: Any
    # How many sockets have been opened.
    opened: int


def play(case: Case, module: ModuleType) -> list[Entry]:
    """Makes the calls of a case on the classes of a module."""
    before = sys.modules["http.client"], sys.stdout
    # Classes are pickled by name, and this is the name of both modules' classes.
    sys.modules["http.client"] = module
    sys.stdout = printed = io.StringIO()
    if any(step[0].startswith("m.") for step in case.steps):
        # Boundaries are made of random numbers.
        random.seed(1)
    stage = _Stage(case, module, printed)
    try:
        return stage.play()
    finally:
        stage.clear()
        sys.modules["http.client"], sys.stdout = before


# Where an object lies in memory.
_ADDRESS = re.compile(rb" at 0x[0-9a-f]+")

# The calls that somebody's own methods have noticed.
_log: list[Any] = []


class _Stage:
    def __init__(self, case: Case, module: ModuleType, printed: io.StringIO) -> None:
        self.case = case
        self.module = module
        self.printed = printed
        self.lines: list[Line] = []
        self.resp: Any = None
        self.conn: Any = None
        self.patched: list[tuple[type, str, Any]] = []
        _log.clear()

    def play(self) -> list[Entry]:
        case = self.case
        entries = [self._entry("made", self._make)]
        if entries[0].outcome is None:
            entries += [self._entry(step, lambda step=step: self._step(step)) for step in case.steps]  # type: ignore[misc]
        entries.append(self._entry("left", self._left))
        return entries

    def clear(self) -> None:
        for owner, name, method in self.patched:
            setattr(owner, name, method)
        for thing in (self.resp, self.conn):
            try:
                if thing is not None:
                    thing.close()
            except Exception:  # noqa: BLE001, S110  (nothing more is asked of it)
                pass
        for line in self.lines:
            line.close()

    def _entry(self, call: Any, make: Callable[[], Any]) -> Entry:
        at = self.printed.tell()
        log_at = len(_log)
        try:
            outcome = make()
        except Exception as fault:  # noqa: BLE001  (every outcome is compared)
            outcome = observe.exception(fault)
        sent = b"".join([line.sent() for line in self.lines]) if self.conn is not None else b""
        printed = ""
        if self.printed.tell() != at:
            self.printed.seek(at)
            printed = self.printed.read()
        return Entry(
            call,
            outcome,
            observe.response(self.resp),
            observe.connection(self.conn),
            _ADDRESS.sub(b"", sent) if b" at 0x" in sent else sent,
            _ADDRESS.sub(b"", printed.encode("utf-8", "surrogatepass")).decode()
            if " at 0x" in printed
            else printed,
            tuple(_log[log_at:]),
            len(self.lines),
        )

    def _make(self) -> None:
        case = self.case
        responses, connections = self._classes()
        if case.kind == "response":
            self.resp = responses(self._open().sock, case.debuglevel, method=case.method)
            self._override(self.resp, "r.")
            return
        conn = connections(*case.host, **case.options)
        conn.response_class = responses
        if case.socket == "pair":
            conn.connect = lambda: _connect(conn, self._open())
        else:
            conn._create_connection = lambda *args: self._open().sock
        conn.set_debuglevel(case.debuglevel)
        self._override(conn, "c.")
        self.conn = conn

    def _open(self) -> Line:
        number = len(self.lines)
        wires = self.case.wires
        line = Line(self.case.socket, wires[number] if number < len(wires) else b"")
        self.lines.append(line)
        return line

    def _step(self, step: Step) -> Any:
        name, *args = step
        if name in sending.CALLS:
            if self.conn is None:
                return None
            got = sending.CALLS[name](self.conn, *args)
            if args and args[0] == "getresponse":
                self.resp = got
                return "a response"
            return observe.value(got)
        if self.resp is None:
            return None
        if self.resp.headers is None and name not in reading.BEFORE and args[:1] != ["begin"]:
            # Without a head there is nothing to read or to look at.
            return None
        if name in reading.CALLS:
            return observe.value(reading.CALLS[name](self.resp, *args))
        return observe.value(messages.CALLS[name](self.resp.headers, *args))

    def _left(self) -> Any:
        """What is left of the response, in the message and in the file, and which sockets are open."""
        resp = self.resp
        if resp is None:
            return None, [line.is_open() for line in self.lines]
        headers = resp.headers
        shown = observe.value(headers), headers is resp.msg
        try:
            rest = None if resp.fp is None else observe.value(resp.fp.read())
        except Exception as fault:  # noqa: BLE001
            rest = observe.exception(fault)
        return shown, rest, [line.is_open() for line in self.lines]

    def _classes(self) -> tuple[Any, Any]:
        case = self.case
        responses, connections = self.module.HTTPResponse, self.module.HTTPConnection
        if not case.overridden or case.override == "object":
            return responses, connections
        ours = tuple(name[2:] for name in case.overridden if name.startswith("r."))
        theirs = tuple(name[2:] for name in case.overridden if name.startswith("c."))
        if case.override == "subclass":
            return _subclass(responses, ours), _subclass(connections, theirs)
        for owner, names in ((responses, ours), (connections, theirs)):
            for name in names:
                method = owner.__dict__.get(name)
                if method is not None:
                    self.patched.append((owner, name, method))
                    setattr(owner, name, _logged(name, method))
        return responses, connections

    def _override(self, thing: Any, kind: str) -> None:
        if self.case.override == "object":
            for name in self.case.overridden:
                if name.startswith(kind) and hasattr(thing, name[2:]):
                    setattr(thing, name[2:], _bound(name[2:], getattr(thing, name[2:])))


def _connect(conn: Any, line: Line) -> None:
    conn.sock = line.sock
    if conn._tunnel_host:
        conn._tunnel()


def _note(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    # What is to be filled holds anything.
    shown = [len(arg) if isinstance(arg, memoryview) else observe.value(arg) for arg in args]
    _log.append((name, shown, observe.value(named)))


def _logged(name: str, method: Any) -> Any:
    if isinstance(method, staticmethod):

        def plain(*args: Any, **named: Any) -> Any:
            _note(name, args, named)
            return method.__func__(*args, **named)

        return staticmethod(plain)

    def logged(self: Any, *args: Any, **named: Any) -> Any:
        _note(name, args, named)
        return method(self, *args, **named)

    return logged


def _bound(name: str, method: Any) -> Any:
    def logged(*args: Any, **named: Any) -> Any:
        _note(name, args, named)
        return method(*args, **named)

    return logged


@lru_cache(None)
def _subclass(base: type, names: tuple[str, ...]) -> type:
    """A class with these methods overridden."""
    methods = {name: _logged(name, _found(base, name)) for name in names if hasattr(base, name)}
    return type(base.__name__, (base,), {"__module__": base.__module__, **methods}) if methods else base


def _found(base: type, name: str) -> Any:
    return next(kind.__dict__[name] for kind in base.__mro__ if name in kind.__dict__)
