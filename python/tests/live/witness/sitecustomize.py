"""Python reads this file when it starts: it tells in the end whose client spoke, and what of the engine was called."""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from collections import Counter
from types import FrameType
from typing import Any

# The requests, by whose code sent them, and the calls of the engine: each by itself, since threads that add to one
# number lose some.
requests: list[str] = []
engine: list[str] = []


def hear(event: str, arguments: tuple[Any, ...]) -> None:
    """Note the request heads that are sent, by where the code of the connection's class is."""
    if event == "http.client.send" and is_head(arguments[1]):
        *_, base = (kind for kind in type(arguments[0]).__mro__ if "_http_vsn_str" in vars(kind))
        file = vars(base)["send"].__code__.co_filename
        requests.append("straightwire" if "straightwire" in file.split(os.sep) else "stock")


def is_head(data: object) -> bool:
    """Whether this begins with a request line."""
    return isinstance(data, bytes) and b" HTTP/1." in data.partition(b"\r\n")[0]


def see(_: FrameType, event: str, function: Any) -> None:
    """Note what of the engine is called."""
    if event == "c_call":
        owner = type(getattr(function, "__self__", None)).__module__
        if "straightwire._engine" in (owner, function.__module__):
            engine.append(function.__qualname__)


def tell() -> None:
    """Leave a report of this process."""
    with open(os.path.join(os.environ["WITNESS"], f"{os.getpid()}.json"), "w", encoding="utf-8") as file:
        json.dump({"requests": Counter(requests), "engine": Counter(engine)}, file)


if "WITNESS" in os.environ:
    if "WITNESS_PATCH" in os.environ:
        import straightwire

        straightwire.patch()
    sys.addaudithook(hear)
    threading.setprofile(see)
    sys.setprofile(see)
    atexit.register(tell)
