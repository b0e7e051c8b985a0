"""Where the time went: each phase of an exchange in milliseconds.

straightwire serve --port 8000
python python/examples/timings.py 127.0.0.1:8000
"""

import sys

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: timings.py HOST:PORT")

conn = HTTPConnection(sys.argv[1], timed=True)
for path in "/drip?bytes=300&piece=100&pause_ms=20&delay_ms=30", "/":
    conn.request("GET", path)
    response = conn.getresponse()
    response.read()
    print(path)
    for phase, seconds in response.timings.phases().items():
        print(f"  {phase:8} {seconds * 1000:7.1f} ms")
    print(f"  {'total':8} {response.timings.total * 1000:7.1f} ms")
conn.close()
