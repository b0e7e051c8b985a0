"""A kept connection that the server closes meanwhile: the request is made again, if that can do no harm.

straightwire serve --port 8000
python python/examples/stale.py 127.0.0.1:8000
"""

import sys

from straightwire.client import HTTPConnection, RemoteDisconnected

if len(sys.argv) != 2:
    sys.exit("usage: stale.py HOST:PORT")

for repeat_stale in False, True:
    print(f"repeat_stale={repeat_stale}:")
    conn = HTTPConnection(sys.argv[1], repeat_stale=repeat_stale)
    for path in "/hang-up?when=asked", "/":
        conn.request("GET", path)
        try:
            response = conn.getresponse()
        except RemoteDisconnected as fault:
            print(f"  GET {path}: {fault}")
        else:
            response.read()
            print(f"  GET {path}: {response.status} {response.reason}")
    conn.close()
