"""What a client makes of a response of the corpus."""

from __future__ import annotations

import base64
import socket
from types import ModuleType
from typing import Any

# All that ever comes is there before it is asked for, so a client that waits waits for ever.
_PATIENCE = 0.05

# So much of an exception's text is recorded.
_SHOWN = 80


class Derived(socket.socket):
    """A socket with a class of its own, which is read from through `makefile`."""


def observe(case: dict[str, Any], module: ModuleType, derived: bool) -> dict[str, Any]:
    """Reads the response of a case through a module's `HTTPConnection`, and tells what came of it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        raw = base64.b64decode(case["response_b64"])
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * len(raw) + 65536)
        theirs.sendall(raw)
        if case["close"]:
            theirs.shutdown(socket.SHUT_WR)
        sock = Derived(fileno=ours.detach()) if derived else ours
        sock.settimeout(_PATIENCE)
        seen = dict.fromkeys(("status", "reason", "headers", "body", "keep_alive", "exc", "partial"))
        seen["phase"] = "head"
        conn = module.HTTPConnection("origin.test")
        conn.sock = sock
        try:
            (_tunnel if case["request_method"] == "CONNECT" else _exchange)(conn, case, seen, module)
            seen["outcome"] = "ok"
        except TimeoutError:
            seen["outcome"] = "hang"
        except Exception as fault:  # noqa: BLE001  (whatever it is, it is the result)
            # A tunnel that the proxy refuses is no failure; one that it grants with another 2xx is.
            refused = isinstance(fault, OSError) and seen["status"] is not None and seen["status"] // 100 != 2
            seen["outcome"] = "ok" if refused else "error"
            seen["exc"] = f"{type(fault).__name__}: {str(fault)[:_SHOWN]}"
            if hasattr(fault, "partial"):
                seen["partial"] = base64.b64encode(fault.partial).decode()
        finally:
            conn.close()
            sock.close()
        return seen


def _exchange(conn: Any, case: dict[str, Any], seen: dict[str, Any], module: ModuleType) -> None:
    method = case["request_method"]
    body = b"" if method in ("POST", "PUT") else None
    conn.request(method, "/", body, dict(case.get("request_headers") or ()))
    response = conn.getresponse()
    seen.update(
        status=response.status, reason=response.reason, keep_alive=not response.will_close, phase="body"
    )
    seen["headers"] = [list(pair) for pair in response.getheaders()]
    seen["body"] = base64.b64encode(response.read()).decode()


def _tunnel(conn: Any, case: dict[str, Any], seen: dict[str, Any], module: ModuleType) -> None:
    """CONNECT is asked by the connection itself, on its way to a server behind a proxy."""

    class Watched(module.HTTPResponse):  # type: ignore[name-defined, misc]
        def _read_status(self) -> tuple[str, int, str]:
            line = super()._read_status()
            _, seen["status"], seen["reason"] = line
            return line

    sock, conn.sock = conn.sock, None
    conn.response_class = Watched
    conn.set_tunnel("origin.test", 443)
    conn.sock = sock
    conn._tunnel()
    seen["headers"] = [list(pair) for pair in conn.get_proxy_response_headers().items()]
    seen["body"] = ""
