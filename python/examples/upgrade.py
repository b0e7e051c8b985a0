"""Another protocol on the same connection: after 101 the socket is the caller's.

straightwire serve --port 8000
python python/examples/upgrade.py 127.0.0.1:8000
"""

import sys

from straightwire.client import HTTPConnection

if len(sys.argv) != 2:
    sys.exit("usage: upgrade.py HOST:PORT")

conn = HTTPConnection(sys.argv[1], timeout=30)
conn.request("GET", "/upgrade?ahead=welcome", headers={"Connection": "Upgrade", "Upgrade": "echo"})
response = conn.getresponse()
print(f"{response.status} {response.reason}, to {response.getheader('Upgrade')}")

# What has come behind the head is not lost.
sock, heard = response.upgrade()
with sock:
    sock.sendall(b", hello")
    while len(heard) < len(b"welcome, hello"):
        heard += sock.recv(100)
print("heard:", heard.decode())
