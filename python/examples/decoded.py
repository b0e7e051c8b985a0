"""A compressed body, decoded while it comes; more than a hundred bytes for one are refused.

straightwire serve --port 8000
python python/examples/decoded.py 127.0.0.1:8000
"""

import sys

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: decoded.py HOST:PORT")

conn = HTTPConnection(sys.argv[1])
for coding in "gzip", "deflate":
    conn.request("GET", f"/encoded/{coding}/100000", headers={"Accept-Encoding": "gzip, deflate"})
    response = conn.getresponse()
    with response.decoded(max_size=10_000_000) as file:
        first = file.readline()
        size = len(first) + len(file.read())
    print(f"{response.headers['Content-Encoding']}: {size} bytes, and the first line is {first!r}")
conn.close()
