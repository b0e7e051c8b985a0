"""What users have asked of `http.client` and it doesn't do: options of a connection, all of them off.

Each is an attribute of `HTTPConnection` that may be set on the class, on a subclass or on a connection, and an
argument of `__init__` by keyword. A request with one of them on is sent and answered step by step.
"""

from __future__ import annotations

from straightwire._engine import Guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    from typing_extensions import TypedDict

    from straightwire._interim import Interim

    class Extras(TypedDict, total=False):
        """The options by keyword."""

        # Wait so many seconds for 100 before the body, where the head says `Expect: 100-continue`.
        expect_timeout: float | None
        # Send the request again without Expect if the server refuses that by 417.
        expect_retry: bool
        # Stop sending the body when the server has refused it already.
        early_response: bool
        # Interim responses, 103 too, are not the response: they are kept in `interim`.
        skip_interim: bool
        # The same, and each is told when it comes.
        on_interim: Callable[[Interim], object] | None
        # Look whether a kept connection is alive, and repeat what was lost on one that wasn't: only requests that
        # may be sent twice, or any.
        repeat_stale: bool | Literal["any"]
        # A body that ends before its length is an `IncompleteRead`, however it is read.
        strict_length: bool
        # A line of the head that is no header is left out alone, and told in `headers.defects`.
        lenient_headers: bool
        # Take the time of each phase.
        timed: bool


# What `help` shows of a connection.
ABOUT = """A connection to an HTTP server.

What http.client lacks is off until it is asked for: by keyword, or as an attribute of a connection or a class.

expect_timeout   where the headers say "Expect: 100-continue", seconds to wait for 100 before the body is sent
expect_retry     True: if that is refused by 417, send the request again without Expect
early_response   True: stop sending the body when the server has refused it, and give its answer
skip_interim     True: 102, 103 and the like are not the response, but in response.interim
on_interim       the same, and a function that is called with each when it comes
repeat_stale     True: a request that is lost on a kept connection, which the server closed, is sent again if its method
                 is idempotent; "any": whatever its method
strict_length    True: a body that ends before its length is an IncompleteRead, however it is read
lenient_headers  True: a line of the head that is no header is left out alone, and told in headers.defects
timed            True: the time of each phase is in response.timings, and in timings of the connection
"""

# What they are if nobody sets them.
DEFAULTS: dict[str, Any] = {
    "expect_timeout": None,
    "expect_retry": False,
    "early_response": False,
    "skip_interim": False,
    "on_interim": None,
    "repeat_stale": False,
    "strict_length": False,
    "lenient_headers": False,
    "timed": False,
}

# Those that a connection hands on to its responses.
HANDED_ON = ("skip_interim", "on_interim", "strict_length", "lenient_headers")

# How many attributes a connection has from `__init__`.
ATTRIBUTES = 18

# Whether all are off.
NONE = Guard(DEFAULTS, ATTRIBUTES)


def put(connection: object, extras: Extras) -> None:
    """Options that `__init__` was given."""
    for name, value in extras.items():
        if name not in DEFAULTS:
            kind = type(connection).__name__
            raise TypeError(f"{kind}.__init__() got an unexpected keyword argument {name!r}")
        setattr(connection, name, value)


def hand_on(connection: Any, response: Any) -> None:
    """Gives a response the options that are its own to follow."""
    for name in HANDED_ON:
        value = getattr(connection, name)
        if value is not DEFAULTS[name]:
            setattr(response, name, value)
    if connection.early_response or connection.expect_timeout is not None:
        # Those that come before the body is out are passed over, so that all have to be.
        response.skip_interim = True
