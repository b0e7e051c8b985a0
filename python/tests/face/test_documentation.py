"""The examples of http.client's documentation, typed into an interpreter, show what the documentation shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import STOCK
from site_of_python import servers

HERE = Path(__file__).parent
NAMES = ("www.python.org", "docs.python.org", "localhost")

# Types the examples into an interpreter for which the loopback is the whole world, each part into a fresh session.
SHELL = r"""
import doctest, pathlib, socket, sys

path, plain, secured = sys.argv[1:]
connect = socket.create_connection

def connect_here(address, *rest, **named):
    port = secured if address[1] == 443 else plain
    return connect(("127.0.0.1", int(port)), *rest, **named)

socket.create_connection = connect_here
runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
for part in pathlib.Path(path).read_text().split("\n== ")[1:]:
    name, _, text = part.partition("\n\n")
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, name, path, 0)
    assert test.examples
    runner.run(test)
failed, attempted = runner.summarize(verbose=False)
print(attempted)
sys.exit(bool(failed))
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, and a certificate of its own for the names in the examples."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl not found")
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    key, cert = path.with_suffix(".key"), path.with_suffix(".crt")
    names = ",".join(f"DNS:{name}" for name in NAMES)
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=examples"]
    command += ["-addext", f"subjectAltName={names}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(key.read_bytes() + cert.read_bytes())
    return path


@pytest.fixture(scope="module")
def ports(certificate: Path) -> Iterator[tuple[int, int]]:
    with servers(certificate) as found:
        yield found


@pytest.mark.parametrize("swap", ["install", "environment", "patch"])
def test_examples(swap: str, ports: tuple[int, int], certificate: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STRAIGHTWIRE")}
    # The default context of HTTPS trusts what this names.
    environment["SSL_CERT_FILE"] = str(certificate.with_suffix(".crt"))
    shell = SHELL
    if swap == "environment":
        environment["STRAIGHTWIRE"] = "0" if STOCK else "1"
    elif not STOCK:
        shell = f"import straightwire; straightwire.{swap}()\n{SHELL}"
    result = subprocess.run(
        [sys.executable, "-c", shell, HERE / "documentation.txt", *map(str, ports)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    typed = re.findall("^>>> [^#]", (HERE / "documentation.txt").read_text(), re.MULTILINE)
    assert int(result.stdout) == len(typed)
