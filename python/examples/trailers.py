"""Fields after the body: a checksum that nobody knows before the last piece has gone by.

straightwire serve --port 8000
python python/examples/trailers.py 127.0.0.1:8000
"""

import hashlib
import sys
from collections.abc import Iterator

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: trailers.py HOST:PORT")

digest = hashlib.sha256()


def pieces() -> Iterator[bytes]:
    """A body, counted as it goes out."""
    for number in range(5):
        piece = f"{number}\n".encode()
        digest.update(piece)
        yield piece


conn = HTTPConnection(sys.argv[1])
conn.request(
    "POST", "/upload", pieces(), {"Trailer": "Digest"}, trailers=lambda: {"Digest": digest.hexdigest()}
)
print("the server has got:", conn.getresponse().read().decode())

conn.request("GET", "/chunked/10000/1000?trailers=1")
response = conn.getresponse()
print(f"{len(response.read())} bytes, and then:")
for name, value in response.trailers.items():
    print(f"  {name}: {value}")
conn.close()
