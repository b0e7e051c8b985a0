"""Ask before sending a large body: it goes out when the server says 100, and stays here when that refuses it.

straightwire serve --port 8000
python python/examples/expect.py 127.0.0.1:8000
"""

import io
import sys

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: expect.py HOST:PORT")

body = io.BytesIO(b"a large file\n" * 100_000)
size = len(body.getvalue())
headers = {"Expect": "100-continue", "Content-Length": str(size)}

# A server that knows nothing of 100 gets the body after five seconds.
conn = HTTPConnection(sys.argv[1], expect_timeout=5.0)
for path in "/refuse?status=413", "/upload":
    conn.request("PUT", path, body, headers)
    response = conn.getresponse()
    response.read()
    print(f"PUT {path}: {response.status} {response.reason}, {body.tell()} of {size} bytes sent")
conn.close()
