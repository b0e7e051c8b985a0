"""`straightwire.patch`: the stock classes with our methods."""

from __future__ import annotations

from collections.abc import Callable

Holds = Callable[..., None]

# A server that answers whatever comes: with its target, and by chunks if that asks for them.
SERVER = """
import contextlib, http.server, threading

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.path.encode() * 100
        self.send_response(200)
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\\r\\n%s\\r\\n0\\r\\n\\r\\n" % (len(body), body)
        elif "short" in self.path:
            self.send_header("Content-Length", str(len(body) + 1))
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = server.server_address

def is_ours(function):
    return "straightwire" in function.__code__.co_filename
"""


def after(code: str) -> str:
    """Code that follows the server's, indented like it."""
    from textwrap import dedent

    return SERVER + dedent(code)


def test_stock_classes_have_our_methods_and_then_their_own_again(holds: Holds) -> None:
    holds(
        after("""
        import http.client as stock, straightwire
        names = {name: dict(vars(getattr(stock, name))) for name in stock.__all__ if name != "responses"}
        module = dict(vars(stock))
        straightwire.patch()
        straightwire.patch()
        assert straightwire.patched() and not straightwire.installed()
        assert is_ours(stock.HTTPConnection.request) and is_ours(stock.HTTPResponse.read)
        assert is_ours(stock.HTTPSConnection.connect)
        import straightwire.client as ours
        assert stock.HTTPConnection is not ours.HTTPConnection and stock is not ours
        straightwire.uninstall()
        straightwire.uninstall()
        assert not straightwire.patched()
        assert {name: dict(vars(getattr(stock, name))) for name in names} == names
        assert dict(vars(stock)) == module
        """)
    )


def test_exchanges_by_what_held_stock_classes_before(holds: Holds) -> None:
    holds(
        after("""
        from http.client import HTTPConnection, HTTPMessage, HTTPResponse, IncompleteRead
        import http.client, straightwire, urllib.request

        class Mine(HTTPConnection):
            def putheader(self, name, *values):
                super().putheader(name, *values)

        straightwire.patch()
        for kind in HTTPConnection, Mine:
            connection = kind(*address)
            for path in "/plain", "/chunked", "/again":
                connection.request("GET", path, headers={"A": "b"})
                response = connection.getresponse()
                assert type(response) is HTTPResponse and type(response.headers) is HTTPMessage
                assert response.read() == path.encode() * 100
            connection.request("GET", "/short")
            try:
                connection.getresponse().read()
            except IncompleteRead as error:
                assert type(error) is http.client.IncompleteRead and len(error.partial) == 600
            else:
                raise AssertionError
            connection.close()
            try:
                connection.putheader("A", "b")
            except http.client.CannotSendHeader:
                pass
            else:
                raise AssertionError
        assert urllib.request.urlopen("http://%s:%d/u" % address).read() == b"/u" * 100
        """)
    )


def test_connections_and_responses_under_way_survive_both_changes(holds: Holds) -> None:
    holds(
        after("""
        import http.client, straightwire

        def begin(path):
            connection = http.client.HTTPConnection(*address)
            connection.request("GET", path)
            response = connection.getresponse()
            assert response.read(7) == (path.encode() * 2)[:7]
            return connection, response

        def finish(path, connection, response):
            assert response.read() == (path.encode() * 100)[7:], path
            for again in range(2):
                connection.request("GET", path)
                assert connection.getresponse().read() == path.encode() * 100
            connection.close()

        for change, back in (straightwire.patch, straightwire.uninstall), (straightwire.uninstall, straightwire.patch):
            for path in "/plain", "/chunked":
                idle = http.client.HTTPConnection(*address)
                asked = http.client.HTTPConnection(*address)
                asked.request("GET", path)
                begun = begin(path)
                change()
                finish(path, *begun)
                assert asked.getresponse().read() == path.encode() * 100
                idle.request("GET", path)
                response = idle.getresponse()
                assert response.read() == path.encode() * 100 and response.isclosed()
                asked.close(), idle.close()
                back()
            change()
        """)
    )


def test_what_others_set_on_the_stock_module_and_classes_counts(holds: Holds) -> None:
    holds(
        after("""
        import http.client, straightwire
        http.client.HTTPConnection.debuglevel = 1
        http.client._MAXHEADERS = 1
        http.client.print = lambda *words: said.append(words)
        read, said, seen = http.client.HTTPResponse.read, [], []

        def watched(self, *arguments):
            seen.append(arguments)
            return read(self, *arguments)

        http.client.HTTPResponse.read = watched
        straightwire.patch()
        assert http.client.HTTPResponse.read is watched and http.client.HTTPConnection.debuglevel == 1
        connection = http.client.HTTPConnection(*address)
        connection.request("GET", "/")
        try:
            connection.getresponse()
        except http.client.HTTPException as error:
            assert str(error) == "got more than 1 headers"
        else:
            raise AssertionError
        connection.close()
        assert said[0][0] == "send:"
        http.client._MAXHEADERS = 100
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"/" * 100 and seen == [()]

        ours = http.client.HTTPConnection.request
        later = http.client.HTTPConnection.request = lambda *arguments, **named: ours(*arguments, **named)
        straightwire.uninstall()
        assert http.client.HTTPResponse.read is watched and http.client.HTTPConnection.request is later
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"/" * 100
        """)
    )


def test_with_install_both_worlds_are_fast_and_apart(holds: Holds) -> None:
    holds(
        after("""
        import http.client as stock, straightwire
        for first, second in (straightwire.install, straightwire.patch), (straightwire.patch, straightwire.install):
            first()
            second()
            import http.client as found
            assert straightwire.installed() and straightwire.patched() and found is not stock
            assert is_ours(stock.HTTPConnection.request) and is_ours(found.HTTPConnection.request)
            for module in stock, found:
                connection = module.HTTPConnection(*address)
                connection.request("GET", "/short")
                try:
                    connection.getresponse().read()
                except module.IncompleteRead:
                    connection.close()
            straightwire.uninstall()
            assert not is_ours(stock.HTTPConnection.request)
            assert not straightwire.installed() and not straightwire.patched()
        """)
    )


def test_with_ours_in_place_from_the_start_there_is_nothing_to_patch(holds: Holds) -> None:
    holds(
        """
        import straightwire
        straightwire.patch()
        import http.client
        assert not straightwire.patched() and http.client.__name__ == "straightwire.client"
        """,
        STRAIGHTWIRE="1",
    )
