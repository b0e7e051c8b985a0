"""Progress, and no more than so many bytes a second: an iterable does both, no option is needed.

straightwire serve --port 8000
python python/examples/progress.py 127.0.0.1:8000
"""

import io
import sys
import time
from collections.abc import Iterator
from typing import Any

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: progress.py HOST:PORT")

SIZE = 1_000_000
RATE = 5_000_000


def paced(file: Any, what: str) -> Iterator[bytes]:
    """The pieces of a file, at most `RATE` bytes a second; prints how far it is."""
    began, done = time.monotonic(), 0
    while piece := file.read(100_000):
        yield piece
        done += len(piece)
        print(f"{what}: {done:8} of {SIZE} bytes")
        time.sleep(max(0.0, began + done / RATE - time.monotonic()))


conn = HTTPConnection(sys.argv[1])
conn.request("GET", f"/bytes/{SIZE}")
body = b"".join(paced(conn.getresponse(), "down"))

conn.request("PUT", "/upload", paced(io.BytesIO(body), "up"), {"Content-Length": str(SIZE)})
print(conn.getresponse().status)
conn.close()
