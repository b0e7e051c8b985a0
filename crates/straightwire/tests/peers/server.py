"""An HTTP/1.1 server on Python's http.server: files from a folder, and a few answers of its own.

Usage: server.py PORT FOLDER

  /…            the file
  /chunked/…    the same in chunks of many sizes, with its SHA-256 in a trailer
  /to-the-end/… the same with no length: the end of the connection is its end
  /short/…      all of its length is promised, CUT bytes of it come, then the connection ends
  /cut/…        the same in chunks, cut inside the second chunk
  /silent       the connection ends with no answer at all
  POST /echo    the body, framed as it came; Received-Framing says how that was
  PUT /sum      the SHA-256 of the body
"""

import functools
import hashlib
import http.server
import itertools
import pathlib
import sys

CUT = 4000
SIZES = [1, 2, 15, 16, 17, 255, 4096, 1, 65535, 65536, 3]


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: without this the second would wait for the first's acknowledgement.
    disable_nagle_algorithm = True

    def end_headers(self):
        self.send_header("Peer-Connection", str(self.client_address[1]))
        super().end_headers()

    def do_GET(self):
        _, first, *rest = self.path.split("/", 2)
        answer = getattr(self, "get_" + first.replace("-", "_"), None)
        if answer is None or not (rest or first == "silent"):
            super().do_GET()
        else:
            answer(*[pathlib.Path(self.directory, name).read_bytes() for name in rest])

    def get_chunked(self, data):
        self.start("Transfer-Encoding: chunked", "Trailer: Sha256")
        for piece in pieces(data):
            self.send_chunk(piece)
        self.wfile.write(b"0\r\nSha256: %s\r\n\r\n" % hashlib.sha256(data).hexdigest().encode())

    def get_to_the_end(self, data):
        self.start("Connection: close")
        self.wfile.write(data)

    def get_short(self, data):
        self.start(f"Content-Length: {len(data)}")
        self.wfile.write(data[:CUT])
        self.close_connection = True

    def get_cut(self, data):
        self.start("Transfer-Encoding: chunked")
        self.send_chunk(data[: CUT - 1000])
        self.wfile.write(b"800\r\n" + data[CUT - 1000 : CUT])
        self.close_connection = True

    def get_silent(self):
        self.close_connection = True

    def do_POST(self):
        received = list(self.received())
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.start("Transfer-Encoding: chunked", "Received-Framing: chunked")
            for piece in received:
                self.send_chunk(piece)
            self.wfile.write(b"0\r\n\r\n")
        else:
            body = b"".join(received)
            self.start(f"Content-Length: {len(body)}", f"Received-Framing: {len(body)}")
            self.wfile.write(body)

    def do_PUT(self):
        digest = hashlib.sha256()
        for piece in self.received():
            digest.update(piece)
        text = digest.hexdigest().encode()
        self.start(f"Content-Length: {len(text)}")
        self.wfile.write(text)

    def start(self, *fields):
        self.send_response(200)
        for field in fields:
            self.send_header(*field.split(": "))
        self.end_headers()

    def send_chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def received(self):
        """The body of the request, piece by piece."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            left = int(self.headers.get("Content-Length", 0))
            while left and (piece := self.rfile.read(min(left, 65536))):
                left -= len(piece)
                yield piece
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            assert self.rfile.read(2) == b"\r\n"
        while self.rfile.readline().strip():
            pass


def pieces(data):
    at = 0
    for size in itertools.cycle(SIZES):
        if at >= len(data):
            return
        yield data[at : at + size]
        at += size


if __name__ == "__main__":
    port, folder = sys.argv[1:]
    handler = functools.partial(Handler, directory=folder)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler).serve_forever()
