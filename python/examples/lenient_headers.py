"""A head with lines that are no headers: they are left out, and told; the others are kept.

straightwire serve --port 8000
python python/examples/lenient_headers.py 127.0.0.1:8000
"""

import sys

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: lenient_headers.py HOST:PORT")

for lenient_headers in False, True:
    conn = HTTPConnection(sys.argv[1], timeout=30, lenient_headers=lenient_headers)
    conn.request("GET", "/bad-headers")
    response = conn.getresponse()
    print(f"lenient_headers={lenient_headers}: {len(response.headers)} headers: {response.headers.keys()}")
    conn.close()
for defect in response.headers.defects:
    print(f"  {type(defect).__name__}: {defect.line!r}")
