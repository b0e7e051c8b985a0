"""pip, with an index on this machine: `pip download`, plain and over TLS, through its cache and in pieces."""

from __future__ import annotations

import base64
import hashlib
import io
import ssl
import zipfile
from pathlib import Path

import pytest
from conftest import Runner
from origin import Handler, Origin, serving

DOWNLOAD = ["-m", "pip", "--isolated", "--disable-pip-version-check", "download", "--progress-bar=off"]


def wheel(name: str, version: str, *requires: str, size: int = 0) -> bytes:
    """A package."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {other}\n" for other in requires)
    files = {
        f"{name}.py": b"x = 1\n",
        # What can't be compressed, so that the package has a size.
        f"{name}.bin": b"".join(hashlib.sha256(b"%d" % part).digest() for part in range(size // 32)),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}\n"
        for path, data in files.items()
    )
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return packed.getvalue()


PACKAGES = {
    "outer-1.0-py3-none-any.whl": wheel("outer", "1.0", "inner>=2"),
    "inner-1.0-py3-none-any.whl": wheel("inner", "1.0"),
    "inner-2.0-py3-none-any.whl": wheel("inner", "2.0", size=500_000),
}


class Index(Handler):
    """The pages and files of the packages; the pages may be asked for again, the files in pieces."""

    def send_simple(self, argument: str, _: bytes) -> None:
        """The files of a project."""
        project = argument.strip("/")
        links = "".join(
            f'<a href="/files/{file}#sha256={hashlib.sha256(data).hexdigest()}">{file}</a>\n'
            for file, data in PACKAGES.items()
            if file.startswith(f"{project}-")
        )
        tag = ("ETag", f'"{project}"')
        if self.headers.get("If-None-Match") == tag[1]:
            self.send_response(304)
            self.send_header(*tag)
            self.end_headers()
        else:
            self.send(f"<!DOCTYPE html><html><body>{links}".encode(), tag, ("Content-Type", "text/html"))

    def send_files(self, file: str, _: bytes) -> None:
        """A file, or a part of it."""
        data, accepts = PACKAGES[file], ("Accept-Ranges", "bytes")
        wanted = self.headers.get("Range")
        if wanted is None:
            self.send(data, accepts, ("Cache-Control", "max-age=600"))
            return
        start, end = wanted.removeprefix("bytes=").split("-")
        first = int(start) if start else len(data) - int(end)
        last = int(end) if start and end else len(data) - 1
        place = ("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send(data[first : last + 1], accepts, place, status=206)


class IndexServer(Origin):
    """Where the index is."""

    handler = Index


def downloaded(folder: Path) -> dict[str, bytes]:
    """What has arrived."""
    return {file.name: file.read_bytes() for file in folder.glob("*.whl")}


NEWEST = {file: data for file, data in PACKAGES.items() if not file.startswith("inner-1")}


@pytest.fixture(autouse=True)
def pip() -> None:
    """Virtual environments can be without."""
    pytest.importorskip("pip")


def test_download(run: Runner, tmp_path: Path) -> None:
    with serving(IndexServer()) as server:
        index = f"--index-url={server.url}/simple/"
        run.program(*DOWNLOAD, index, "outer")
        assert downloaded(tmp_path) == NEWEST
        # Pages come by one, files by another.
        assert server.connections <= 2


def test_download_over_tls(
    run: Runner, tmp_path: Path, server_context: ssl.SSLContext, certificates: Path
) -> None:
    with serving(IndexServer(server_context)) as server:
        # pip 24 sends no name for an address, and then has none to check.
        index = f"--index-url=https://localhost:{server.server_port}/simple/", f"--cert={certificates}"
        run.program(*DOWNLOAD, *index, "outer")
        assert downloaded(tmp_path) == NEWEST
        # Once more: the files come from the cache, and the pages are asked for by their tags.
        (tmp_path / "again").mkdir()
        run.program(*DOWNLOAD, *index, "--dest=again", "outer")
        assert downloaded(tmp_path / "again") == NEWEST
        asked = [path for _, path in server.requests]
        assert asked.count("/simple/outer/") == asked.count("/simple/inner/") == 2
        assert all(asked.count(f"/files/{file}") == 1 for file in NEWEST)


def test_download_of_the_metadata_first(run: Runner, tmp_path: Path) -> None:
    with serving(IndexServer()) as server:
        options = f"--index-url={server.url}/simple/", "--use-feature=fast-deps", "--no-cache-dir"
        run.program(*DOWNLOAD, *options, "outer")
        assert downloaded(tmp_path) == NEWEST
