"""The clients, each by the methods that the scenarios name. A new one is a class and a line here."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from server import Peer

# What marks a client over `straightwire.install()`.
INSTALLED = "+"

# Libraries over `http.client`.
USERS = ("urllib.request", "urllib3", "requests")

# In the order of the tables.
CLIENTS = {
    "raw": "raw:Raw",
    "stock": "http_client:Stock",
    "straightwire": "http_client:Straightwire",
    "pycurl": "curl:Curl",
    "primp": "rust:Primp",
    "pyreqwest": "rust:Pyreqwest",
    "rnet": "rust:Rnet",
    "httpr": "rust:Httpr",
    "urllib.request": "users:UrllibRequest",
    "urllib.request+": "users:UrllibRequest",
    "urllib3": "users:Urllib3",
    "urllib3+": "users:Urllib3",
    "requests": "users:Requests",
    "requests+": "users:Requests",
}


def load(name: str) -> Any:
    """The class of a client. It has imported nothing but this project's own."""
    module, _, cls = CLIENTS[name].partition(":")
    return getattr(import_module(f"clients.{module}"), cls)


def make(name: str, peer: Peer) -> Any:
    """A client that has sent nothing yet."""
    if name.endswith(INSTALLED):
        import straightwire

        straightwire.install()
    return load(name)(peer)


def abilities() -> dict[str, list[str]]:
    """What each client can do whose library this interpreter has."""

    def is_here(name: str) -> bool:
        needs = [load(name).imports, *["straightwire"] * name.endswith(INSTALLED)]
        return all(find_spec(library.partition(".")[0]) for library in needs)

    return {name: dir(load(name)) for name in CLIENTS if is_here(name)}
