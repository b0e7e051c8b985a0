"""A body that breaks off: however it is read, that is an error, and what had come is in it.

straightwire serve --port 8000
python python/examples/strict_length.py 127.0.0.1:8000
"""

import sys

from straightwire.client import HTTPConnection, IncompleteRead

if len(sys.argv) != 2:
    sys.exit("usage: strict_length.py HOST:PORT")

for strict_length in False, True:
    conn = HTTPConnection(sys.argv[1], strict_length=strict_length)
    conn.request("GET", "/truncated/1000/600")
    response = conn.getresponse()
    had = 0
    try:
        while piece := response.read(256):
            had += len(piece)
        print(f"strict_length={strict_length}: {had} bytes, as if that were all")
    except IncompleteRead as fault:
        had += len(fault.partial)
        print(f"strict_length={strict_length}: {had} bytes, {fault.expected} are missing")
    conn.close()
