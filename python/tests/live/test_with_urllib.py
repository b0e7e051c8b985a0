"""`urllib.request`: redirects, passwords, cookies, proxies, uploads, errors, TLS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conftest import Runner
from origin import PASSWORD, REALM, USER, Origin, Proxy, pattern


def is_ours(file: Any) -> bool:
    """Whether a response's `fp` is the engine's."""
    return type(file).__module__ == "straightwire._engine"


def bodies(url: str) -> None:
    import http.client
    from urllib.request import urlopen

    for kind in "bytes", "chunked", "close":
        for size in 0, 1, 1_000_003:
            with urlopen(f"{url}/{kind}/{size}") as response:
                assert type(response) is http.client.HTTPResponse and is_ours(response.fp)
                if size % 2:
                    assert response.read(1) + response.read() == pattern(size)
                else:
                    assert b"".join(response) == pattern(size)
    with urlopen(f"{url}/chunked/200000") as response:
        assert list(response) == pattern(200_000).splitlines(keepends=True)
    with urlopen(f"{url}/short/5000") as response:
        try:
            response.read()
        except http.client.IncompleteRead as error:
            assert error.partial == pattern(4999) and error.expected == 1
        else:
            raise AssertionError


def test_bodies(run: Runner, origin: Origin) -> None:
    assert run(bodies, origin.url).requests["straightwire"] == len(origin.requests) == 11


def redirects(url: str) -> None:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    for status in 301, 302, 303, 307, 308:
        try:
            with urlopen(f"{url}/redirect/{status}/3") as response:
                assert response.url == f"{url}/echo" and json.load(response)["path"] == "/echo"
        except HTTPError as error:
            # Python 3.10 doesn't know this one.
            assert error.code == status == 308 and error.read() == b"over there"
    with urlopen(Request(f"{url}/redirect/302/1", b"lost on the way")) as response:
        assert json.load(response)["method"] == "GET"
    try:
        urlopen(f"{url}/redirect/302/99")
    except HTTPError as error:
        assert error.code == 302 and "infinite loop" in str(error)
        error.close()
    else:
        raise AssertionError


def test_redirects(run: Runner, origin: Origin) -> None:
    run(redirects, origin.url)
    assert origin.requests.count(("GET", "/echo")) in (5, 6)


def uploads(url: str) -> None:
    import io
    from urllib.request import Request, urlopen

    Path("upload").write_bytes(pattern(300_000))
    with open("upload", "rb") as file:
        sources: list[tuple[Any, dict[str, str], str]] = [
            (b"small", {}, "content-length"),
            (bytearray(pattern(300_000)), {}, "content-length"),
            (file, {"Content-Length": "300000"}, "content-length"),
            (io.BytesIO(pattern(300_000)), {}, "transfer-encoding"),
            ((b"x" * size for size in range(1, 9)), {}, "transfer-encoding"),
            ([b"one", b"two"], {"Content-Length": "6"}, "content-length"),
        ]
        for data, headers, framing in sources:
            with urlopen(Request(f"{url}/echo", data, headers, method="PUT")) as response:
                told = json.load(response)
            assert told["method"] == "PUT" and framing in dict(told["headers"])
            expected = {5: b"small", 6: b"onetwo", 36: b"x" * 36}.get(len(told["body"]), pattern(300_000))
            assert told["body"].encode("latin-1") == expected


def test_uploads(run: Runner, origin: Origin) -> None:
    run(uploads, origin.url)
    assert origin.requests == [("PUT", "/echo")] * 6


def passwords(url: str) -> None:
    from urllib.error import HTTPError
    from urllib.request import HTTPBasicAuthHandler, HTTPDigestAuthHandler, build_opener, urlopen

    for kind, handler in ("basic", HTTPBasicAuthHandler()), ("digest", HTTPDigestAuthHandler()):
        handler.add_password(REALM, url, USER, PASSWORD)
        with build_opener(handler).open(f"{url}/{kind}", b"body") as response:
            assert response.status == 200 and json.load(response)["body"] == "body"
        try:
            urlopen(f"{url}/{kind}")
        except HTTPError as error:
            assert error.code == 401 and error.headers["WWW-Authenticate"].startswith(kind.title())
            assert error.read() == b"who?"
        else:
            raise AssertionError


def test_passwords(run: Runner, origin: Origin) -> None:
    run(passwords, origin.url)
    assert len(origin.requests) == 6


def cookies(url: str) -> None:
    from http.cookiejar import CookieJar
    from urllib.request import HTTPCookieProcessor, build_opener

    jar = CookieJar()
    opener = build_opener(HTTPCookieProcessor(jar))
    with opener.open(f"{url}/cookies") as response:
        assert response.headers.get_all("Set-Cookie") == ["one=1; Path=/", "two=2; Path=/; HttpOnly"]
    assert {cookie.name: cookie.value for cookie in jar} == {"one": "1", "two": "2"}
    with opener.open(f"{url}/echo") as response:
        assert dict(json.load(response)["headers"])["cookie"] == "one=1; two=2"


def test_cookies(run: Runner, origin: Origin) -> None:
    run(cookies, origin.url)


def through_proxy(plain: str, secure: str, proxy: str, certificates: str) -> None:
    import ssl
    from urllib.request import HTTPSHandler, ProxyHandler, build_opener

    context = ssl.create_default_context(cafile=certificates)
    opener = build_opener(ProxyHandler({"http": proxy, "https": proxy}), HTTPSHandler(context=context))
    with opener.open(f"{plain}/bytes/5") as response:
        assert response.headers["Via"] == "1.1 proxy" and response.read() == pattern(5)
    with opener.open(f"{secure}/chunked/500000") as response:
        assert "Via" not in response.headers and is_ours(response.fp)
        assert response.read() == pattern(500_000)


def test_through_a_proxy(
    run: Runner, origin: Origin, secure: Origin, proxy: Proxy, certificates: Path
) -> None:
    run(through_proxy, origin.url, secure.url, proxy.url, certificates)
    assert proxy.requests == [("GET", f"{origin.url}/bytes/5"), ("CONNECT", secure.url[8:])]
    assert secure.requests == [("GET", "/chunked/500000")] and not origin.requests


def secrets(url: str, certificates: str) -> None:
    import ssl
    from urllib.error import URLError
    from urllib.request import urlopen

    with urlopen(f"{url}/bytes/100000", context=ssl.create_default_context(cafile=certificates)) as response:
        assert is_ours(response.fp) and response.read() == pattern(100_000)
    try:
        urlopen(f"{url}/bytes/1")
    except URLError as error:
        assert isinstance(error.reason, ssl.SSLCertVerificationError)
    else:
        raise AssertionError


def test_tls(run: Runner, secure: Origin, certificates: Path) -> None:
    run(secrets, secure.url, certificates)
    assert len(secure.requests) == 1


def timeouts(url: str) -> None:
    from urllib.request import urlopen

    try:
        urlopen(f"{url}/never", timeout=0.2)
    except TimeoutError as error:
        assert str(error) == "timed out"
    else:
        raise AssertionError


def test_timeouts(run: Runner, origin: Origin) -> None:
    run(timeouts, origin.url)


def anything(url: str) -> None:
    from urllib.request import urlopen

    with urlopen(f"{url}/chunked/100000") as response:
        assert response.read() == pattern(100_000)


def test_the_witness_can_tell_the_stock_client(run_stock: Runner, origin: Origin) -> None:
    seen = run_stock(anything, origin.url)
    assert seen.requests == {"stock": 1} and not seen.engine
