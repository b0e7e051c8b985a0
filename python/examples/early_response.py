"""Stop sending when the server has said no: its answer is had, not a broken pipe, and nobody waits.

straightwire serve --port 8000
python python/examples/early_response.py 127.0.0.1:8000
"""

import sys
from collections.abc import Iterator

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: early_response.py HOST:PORT")

pieces = 0


def endless() -> Iterator[bytes]:
    """A body that would never end."""
    global pieces
    while True:
        pieces += 1
        yield bytes(64 * 1024)


conn = HTTPConnection(sys.argv[1], timeout=30, early_response=True)
conn.request("POST", "/refuse?status=413", endless())
response = conn.getresponse()
print(f"{response.status} {response.reason}, after {pieces} pieces of the body")
response.read()
conn.close()
