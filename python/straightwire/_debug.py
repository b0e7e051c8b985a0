"""What `debuglevel` prints."""

from __future__ import annotations

from builtins import print as builtin_print

import straightwire.client as face


def say(*words: object) -> None:
    """Prints for `debuglevel`, through `http.client.print` if somebody has set that."""
    getattr(face, "print", builtin_print)(*words)
