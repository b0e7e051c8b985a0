"""The other side: the Rust benchmarks' server, with ready-made answers, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

CARGO = ("cargo", "run", "--release", "--quiet", "--package", "bench", "--")


class Peer(NamedTuple):
    """What a client has to know of the server."""

    host: str
    port: int
    # The root that vouches for it; where there is one, TLS is spoken.
    cafile: str | None

    def url(self, path: str) -> str:
        return f"{'https' if self.cafile else 'http'}://{self.host}:{self.port}{path}"


class Server(NamedTuple):
    """Its two sides."""

    plain: Peer
    tls: Peer


@contextmanager
def serving(program: str | None) -> Iterator[Server]:
    """Runs the server, by cargo if its program isn't told. It ends when its standard input does."""
    command = [*([program] if program else CARGO), "server"]
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(command)} ended before it served")
        listening = json.loads(line)
        cafile = Path(folder, "root.pem")
        cafile.write_text(listening["root_pem"])

        def peer(side: str, cafile: Path | None) -> Peer:
            host, _, port = listening[side].rpartition(":")
            return Peer(host, int(port), str(cafile) if cafile else None)

        yield Server(peer("plain", None), peer("tls", cafile))
