"""`straightwire.install` and `straightwire.uninstall`."""

from __future__ import annotations

from collections.abc import Callable

Holds = Callable[..., None]


def test_importing_the_package_changes_and_imports_nothing(holds: Holds) -> None:
    holds("""
        import sys, straightwire
        assert not straightwire.installed() and not straightwire.patched()
        assert "straightwire.client" not in sys.modules and "http" not in sys.modules
        import http.client
        assert http.client.__name__ == "http.client"
    """)


def test_every_way_of_importing_finds_ours(holds: Holds) -> None:
    holds("""
        import straightwire
        straightwire.install()
        import importlib, sys
        import straightwire.client as ours
        import http.client
        import http.client as imported
        from http import client
        from http.client import HTTPConnection
        import urllib.request, xmlrpc.client
        assert straightwire.installed()
        for module in http.client, imported, client, sys.modules["http.client"], urllib.request.http.client:
            assert module is ours
        assert importlib.import_module("http.client") is ours
        assert HTTPConnection is ours.HTTPConnection
        assert issubclass(urllib.request.http.client.HTTPSConnection, ours.HTTPConnection)
        assert ours.__name__ == ours.__spec__.name == "straightwire.client"
    """)


def test_modules_that_are_imported_already_keep_theirs(holds: Holds) -> None:
    holds("""
        from http.client import HTTPConnection as held
        import straightwire
        straightwire.install()
        from http.client import HTTPConnection as found
        assert held is not found
        straightwire.uninstall()
        from http.client import HTTPConnection as restored
        assert restored is held and not straightwire.installed()
    """)


def test_without_a_stock_module_before_uninstalling_leaves_none(holds: Holds) -> None:
    holds("""
        import sys, straightwire
        straightwire.install()
        straightwire.uninstall()
        import http
        assert "http.client" not in sys.modules and not hasattr(http, "client")
        import http.client
        assert http.client.__spec__.name == "http.client"
    """)


def test_twice_is_once(holds: Holds) -> None:
    holds("""
        import http.client as stock, straightwire
        straightwire.uninstall()
        for _ in range(2):
            straightwire.install()
            straightwire.install()
            import http.client
            assert http.client is not stock
            straightwire.uninstall()
            assert http.client is stock
            straightwire.uninstall()
            assert http.client is stock
    """)


def test_what_another_has_put_there_meanwhile_is_left_alone(holds: Holds) -> None:
    holds("""
        import http.client, sys, types, straightwire
        straightwire.install()
        another = sys.modules["http.client"] = http.client = types.ModuleType("another")
        straightwire.uninstall()
        assert sys.modules["http.client"] is http.client is another
    """)


def test_exceptions_travel_by_pickle(holds: Holds) -> None:
    holds("""
        import pickle, straightwire
        straightwire.install()
        import http.client
        error = pickle.loads(pickle.dumps(http.client.BadStatusLine("HTP")))
        assert type(error) is http.client.BadStatusLine and error.line == "HTP"
    """)


def test_many_threads_at_once(holds: Holds) -> None:
    holds("""
        import importlib, sys, threading, straightwire
        sys.setswitchinterval(1e-6)
        start = threading.Barrier(9)
        faults = []

        def toggle(change):
            try:
                start.wait()
                for _ in range(50):
                    change()
                    found = importlib.import_module("http.client")
                    assert found.__name__ in ("http.client", "straightwire.client"), found
            except BaseException as fault:
                faults.append(fault)

        changes = (straightwire.install, straightwire.patch, straightwire.uninstall) * 3
        threads = [threading.Thread(target=toggle, args=(change,)) for change in changes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults, faults
        straightwire.uninstall()
        import http.client
        assert http.client.__name__ == "http.client" and not straightwire.patched()
        assert http.client.HTTPConnection.request.__code__.co_filename == http.client.__file__
    """)
