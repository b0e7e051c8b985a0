"""What is measured."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

MIB = 1024 * 1024

# How much a large body has.
LARGE = 100

# How many threads share an interpreter in `threads`.
THREADS = 8

# What goes with a request beside what a client sends of itself, where there are many headers.
MANY_HEADERS = {
    "User-Agent": "bench/1.0 (measuring; loopback)",
    "Accept": "application/octet-stream, */*;q=0.5",
    "Accept-Language": "en-GB, en;q=0.8, nl;q=0.5",
    "Authorization": "Bearer 3q2-7wAAAAC6ra_erb7v_gECAwQFBgcICQoLDA0ODw",
    "Cache-Control": "max-age=0",
    "X-Request-Id": "7f0c2d0e-55a1-4b6e-9d55-0a8c6f1e2b34",
}

# How a scenario is measured: see `child`.
Kind = Literal["requests", "threads", "body", "import"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Scenario(NamedTuple):
    name: str
    about: str
    kind: Kind
    # The method of a client that does it: who lacks it takes no part.
    does: str
    path: str = ""
    headers: dict[str, str] | None = None
    tls: bool = False
    # Whether the libraries over `http.client` take part too.
    users: bool = False
    # Whose processor instructions are counted, where valgrind is.
    counted: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        return {"body": f"{LARGE} MiB", "import": "import"}.get(self.kind, "request")


COUNTED = ("raw", "stock", "straightwire", "pycurl")

SCENARIOS = [
    Scenario(
        "few",
        "GET of 1 KiB over a kept connection, 4 response headers",
        *("requests", "get", "/few"),
        users=True,
        counted=COUNTED,
    ),
    Scenario(
        "h25",
        "The same with 8 request and 25 response headers",
        *("requests", "get", "/h25", MANY_HEADERS),
        users=True,
        counted=COUNTED,
    ),
    Scenario("tls", "As `few`, over TLS", "requests", "get", "/few", tls=True),
    Scenario("connect", "As `few`, each over its own connection", "requests", "get_anew", "/few", users=True),
    Scenario("threads", f"As `few`, in {THREADS} threads, each with a connection", "threads", "get", "/few"),
    Scenario("read", "The whole body by one `read()`", "body", "read", "/length", users=True),
    Scenario("readinto", "By `readinto()` of 64 KiB at a time", "body", "readinto", "/length"),
    Scenario("read-n", "By `read(65536)`", "body", "read_pieces", "/length"),
    Scenario("chunks-16k", "One `read()` of chunks of 16 KiB", "body", "read", "/chunks/16384"),
    Scenario("chunks-100", "One `read()` of chunks of 100 bytes", "body", "read", "/chunks/100"),
    Scenario("upload-bytes", "Upload of a `bytes`", "body", "upload_bytes", "/upload", users=True),
    Scenario(
        "upload-file", "Upload of a file, with its length", "body", "upload_file", "/upload", users=True
    ),
    Scenario(
        "upload-iterator",
        "Upload of an iterator of 8 KiB pieces, in chunks",
        *("body", "upload_iterator", "/upload"),
        users=True,
    ),
    Scenario(
        "upload-unsized", "Upload of a file in chunks, no length told", "body", "upload_unsized", "/upload"
    ),
    Scenario("import", "Importing the library, beyond starting the interpreter", "import", "library"),
]

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
