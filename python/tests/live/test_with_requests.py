"""requests: sessions, streams, forms, passwords, proxies, TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Runner
from origin import PASSWORD, USER, Origin, Proxy, pattern

pytest.importorskip("requests")


def session(url: str) -> None:
    import requests

    with requests.Session() as session:
        for kind in "bytes", "chunked", "gzip":
            for size in 0, 1, 70_000, 1_000_003:
                response = session.get(f"{url}/{kind}/{size}")
                assert response.content == pattern(size) and response.reason == "OK"
                with session.get(f"{url}/{kind}/{size}", stream=True) as response:
                    file = response.raw._original_response.fp
                    assert not size or type(file).__module__ == "straightwire._engine"
                    assert b"".join(response.iter_content(10_000)) == pattern(size)
        assert session.get(f"{url}/cookies").cookies.get_dict() == {"one": "1", "two": "2"}
        assert dict(session.get(f"{url}/echo").json()["headers"])["cookie"] == "one=1; two=2"
        assert session.head(f"{url}/bytes/10").headers["Content-Length"] == "10"
        assert session.delete(f"{url}/status/404").status_code == 404
        assert [hop.status_code for hop in session.get(f"{url}/redirect/302/3").history] == [302] * 3


def test_a_session_keeps_its_connection(run: Runner, origin: Origin) -> None:
    run(session, origin.url)
    assert origin.connections == 1


def uploads(url: str) -> None:
    import requests

    Path("upload").write_bytes(pattern(300_000))
    with requests.Session() as session, open("upload", "rb") as file:
        assert session.post(f"{url}/echo", {"a": "ä", "b": ["1", "2"]}).json()["body"] == "a=%C3%A4&b=1&b=2"
        assert session.put(f"{url}/echo", data=file).json()["body"].encode() == pattern(300_000)
        told = session.put(f"{url}/echo", data=(bytes([65 + number]) for number in range(26))).json()
        assert told["body"] == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        assert dict(told["headers"])["transfer-encoding"] == "chunked"
        told = session.post(f"{url}/echo", files={"file": ("name", pattern(100_000))}).json()
        assert pattern(100_000).decode() in told["body"]
        assert session.patch(f"{url}/redirect/307/2", json={"kept": True}).json()["body"] == '{"kept": true}'


def test_uploads(run: Runner, origin: Origin) -> None:
    run(uploads, origin.url)


def passwords(url: str) -> None:
    import requests
    from requests.auth import HTTPDigestAuth

    assert requests.get(f"{url}/basic", auth=(USER, PASSWORD)).ok
    assert requests.get(f"{url}/basic").status_code == 401
    with requests.Session() as session:
        session.auth = HTTPDigestAuth(USER, PASSWORD)
        assert [session.post(f"{url}/digest", "x").status_code for _ in range(3)] == [200] * 3


def test_passwords(run: Runner, origin: Origin) -> None:
    run(passwords, origin.url)
    assert origin.requests.count(("POST", "/digest")) == 4


def faults(url: str) -> None:
    import requests

    for path, patience, error in (
        ("never", 0.5, requests.ReadTimeout),
        ("short/5000", 30, requests.exceptions.ChunkedEncodingError),
        ("redirect/302/99", 30, requests.TooManyRedirects),
    ):
        with pytest.raises(error):
            requests.get(f"{url}/{path}", timeout=patience)
    with pytest.raises(requests.exceptions.InvalidHeader):
        requests.get(url, headers={"A": "b\r\nc: d"})
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9/")


def test_faults(run: Runner, origin: Origin) -> None:
    run(faults, origin.url)


def environment(plain: str, secure: str) -> None:
    import requests

    with requests.Session() as session:
        assert session.get(f"{plain}/bytes/3").headers["Via"] == "1.1 proxy"
        for _ in range(3):
            with session.get(f"{secure}/chunked/400000", stream=True) as response:
                assert b"".join(response.iter_content(None)) == pattern(400_000)


def test_tls_and_proxies_by_the_environment(
    run: Runner, origin: Origin, secure: Origin, proxy: Proxy, certificates: Path
) -> None:
    variables = {"http_proxy": proxy.url, "https_proxy": proxy.url, "REQUESTS_CA_BUNDLE": str(certificates)}
    run(environment, origin.url, secure.url, **variables)
    assert secure.connections == 1 and proxy.connections == 2 and not origin.connections
    with pytest.raises(AssertionError, match="CERTIFICATE_VERIFY_FAILED"):
        run(environment, origin.url, secure.url, http_proxy=proxy.url)
