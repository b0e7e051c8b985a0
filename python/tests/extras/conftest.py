from __future__ import annotations

import ssl
from typing import Any

import pytest


@pytest.fixture(scope="session")
def contexts() -> tuple[Any, Any]:
    """TLS for a server on 127.0.0.1, and for clients that trust it."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    mine = ssl.create_default_context()
    authority.configure_trust(mine)
    return server, mine


@pytest.fixture(params=["plain", "TLS"])
def over(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a server and a connection are made with, over either."""
    if request.param == "plain":
        return {}, {}
    server, mine = request.getfixturevalue("contexts")
    return {"tls": server}, {"kind": "HTTPSConnection", "context": mine}
