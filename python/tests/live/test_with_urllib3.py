"""urllib3: pools, streams, compression, retries, proxies, TLS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Runner
from origin import Origin, Proxy, pattern

pytest.importorskip("urllib3")


def is_ours(response: Any) -> bool:
    """Whether the engine reads what is under a response."""
    return type(response._original_response.fp).__module__ == "straightwire._engine"


def bodies(url: str) -> None:
    import urllib3

    with urllib3.PoolManager(retries=False) as pool:
        for kind in "bytes", "chunked", "gzip":
            for size in 0, 1, 70_000, 1_000_003:
                assert pool.request("GET", f"{url}/{kind}/{size}").data == pattern(size)
                response = pool.request("GET", f"{url}/{kind}/{size}", preload_content=False)
                assert not size or is_ours(response)
                assert b"".join(response.stream(8191)) == pattern(size)
                response.release_conn()
                response = pool.request("GET", f"{url}/{kind}/{size}", preload_content=False)
                while response.read(50_000):
                    pass
                response = pool.request("GET", f"{url}/{kind}/{size}", preload_content=False)
                response.drain_conn()
                response.release_conn()
        assert not pool.request("HEAD", f"{url}/bytes/5").data
        assert pool.request("GET", f"{url}/status/204").status == 204
        assert [pool.request("GET", f"{url}/close/70000").data for _ in range(2)] == [pattern(70_000)] * 2


def test_all_bodies_leave_the_connection_for_the_next(run: Runner, origin: Origin) -> None:
    run(bodies, origin.url)
    # The second of two that end with their connections.
    assert origin.connections == 2


def given_up(url: str) -> None:
    import urllib3

    with urllib3.HTTPConnectionPool(url.partition("//")[2], retries=False) as pool:
        for kind in "bytes", "chunked":
            response = pool.request("GET", f"/{kind}/1000000", preload_content=False)
            assert response.read(10) == pattern(10)
            response.close()
            assert pool.request("GET", "/bytes/9").data == pattern(9)


def test_a_response_that_is_given_up_is_never_taken_for_the_next(run: Runner, origin: Origin) -> None:
    run(given_up, origin.url)
    assert origin.connections == 3


def uploads(url: str) -> None:
    import io

    import urllib3

    with urllib3.PoolManager(retries=False) as pool:

        def told(**request: Any) -> Any:
            return pool.request("POST", f"{url}/echo", **request).json()

        assert told(body=b"bytes")["body"] == "bytes"
        assert told(body=io.BytesIO(pattern(200_000)))["body"].encode() == pattern(200_000)
        assert told(body=iter([b"a", b"bc", b"def"]), chunked=True)["body"] == "abcdef"
        assert json.loads(told(json={"a": "ä"})["body"].encode("latin-1")) == {"a": "ä"}
        form = told(fields={"field": "value", "file": ("name.txt", "content")})
        assert dict(form["headers"])["content-type"].startswith("multipart/form-data; boundary=")
        assert "content" in form["body"] and 'filename="name.txt"' in form["body"]


def test_uploads(run: Runner, origin: Origin) -> None:
    run(uploads, origin.url)
    assert origin.connections == 1


def retries(url: str) -> None:
    import urllib3

    with urllib3.PoolManager() as pool:
        assert pool.request("GET", f"{url}/redirect/302/3").json()["path"] == "/echo"
        again = urllib3.Retry(3, status_forcelist=[503], backoff_factor=0)
        with pytest.raises(urllib3.exceptions.MaxRetryError):
            pool.request("GET", f"{url}/status/503", retries=again)
        with pytest.raises(urllib3.exceptions.MaxRetryError) as caught:
            pool.request("GET", f"{url}/never", timeout=0.2, retries=1)
        assert isinstance(caught.value.reason, urllib3.exceptions.ReadTimeoutError)
        with pytest.raises(urllib3.exceptions.ProtocolError) as broken:
            pool.request("GET", f"{url}/short/5000", retries=False)
        assert "IncompleteRead(4999 bytes read, 1 more expected)" in str(broken.value)


def test_redirects_and_retries(run: Runner, origin: Origin) -> None:
    run(retries, origin.url)
    asked = [path for _, path in origin.requests]
    assert asked.count("/status/503") == 4 and asked.count("/never") == 2


def secrets(plain: str, secure: str, proxy: str, certificates: str) -> None:
    import urllib3

    with urllib3.PoolManager(ca_certs=certificates, retries=False) as direct:
        for _ in range(3):
            response = direct.request("GET", f"{secure}/chunked/300000", preload_content=False)
            assert is_ours(response) and b"".join(response.stream()) == pattern(300_000)
    with urllib3.ProxyManager(proxy, ca_certs=certificates, retries=False) as tunnelled:
        assert tunnelled.request("GET", f"{plain}/bytes/7").headers["via"] == "1.1 proxy"
        for _ in range(3):
            response = tunnelled.request("GET", f"{secure}/chunked/300000", preload_content=False)
            assert "via" not in response.headers and b"".join(response.stream()) == pattern(300_000)


def test_tls_and_proxies(
    run: Runner, origin: Origin, secure: Origin, proxy: Proxy, certificates: Path
) -> None:
    run(secrets, origin.url, secure.url, proxy.url, certificates)
    assert secure.connections == 2 and proxy.connections == 2 and not origin.connections
    assert [method for method, _ in proxy.requests] == ["GET", "CONNECT"]


def threads(url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import urllib3

    def work(number: int) -> bool:
        return pool.request("GET", f"{url}/chunked/{number * 100}").data == pattern(number * 100)

    with urllib3.PoolManager(maxsize=4, block=True, retries=False) as pool, ThreadPoolExecutor(8) as workers:
        assert all(workers.map(work, range(200)))


def test_threads_that_share_a_pool(run: Runner, origin: Origin) -> None:
    assert run(threads, origin.url).requests["straightwire"] == 200
    assert origin.connections <= 4
