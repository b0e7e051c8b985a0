"""Python's ``http.client``, done again in Rust.

`straightwire.client` has every name of `http.client`. Import it by name, or let programs that know
nothing of it have it: `install` puts it in place of `http.client`, `patch` speeds up the stock classes
that others have imported already, and `uninstall` takes both back. ``python -m straightwire`` runs a
program with it in place, and ``STRAIGHTWIRE=1`` in the environment does so for a whole tree of processes.
"""

from straightwire._install import install, installed, patch, patched, uninstall

__all__ = ["install", "installed", "patch", "patched", "uninstall"]
