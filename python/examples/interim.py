"""Responses before the response: 103 says what will be needed, so that it can be fetched meanwhile.

straightwire serve --port 8000
python python/examples/interim.py 127.0.0.1:8000
"""

import sys

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: interim.py HOST:PORT")

conn = HTTPConnection(
    sys.argv[1], on_interim=lambda interim: print("at once:", interim.status, interim.reason)
)
conn.request("GET", "/early-hints")
response = conn.getresponse()
print(f"the response: {response.status} {response.reason}, {len(response.read())} bytes")
for status, _, headers in response.interim:
    print(f"before it: {status} with Link: {headers['Link']}")
conn.close()
