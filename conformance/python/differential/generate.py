"""Cases out of numbers: the same number gives the same case."""

from __future__ import annotations

from random import Random

from . import messages, reading, sending
from .case import Case, Step
from .wire import chance, response

_OF_RESPONSES = (
    *("read", "read1", "readinto", "readline", "peek", "begin", "close", "getheader"),
    *("_read_status", "_check_close", "_safe_read", "_safe_readinto", "_close_conn", "_get_chunk_left"),
    *("_read_next_chunk_size", "_read_and_discard_trailer"),
)
_OF_CONNECTIONS = (
    *(
        "putrequest",
        "putheader",
        "endheaders",
        "send",
        "_output",
        "_send_output",
        "_send_request",
        "connect",
        "close",
    ),
    *("_tunnel", "_validate_method", "_validate_path", "_validate_host", "_encode_request", "_get_hostport"),
    *("_get_content_length", "_is_textIO", "_read_readable", "getresponse", "request", "set_tunnel"),
)


def case(seed: int, number: int) -> Case:
    """The case of this number."""
    dice = Random((seed << 40) + number)
    draw = dice.random()
    if draw < 0.48:
        made = _reading(dice)
    elif draw < 0.68:
        made = _looking(dice)
    elif draw < 0.95:
        made = _asking(dice)
    else:
        made = _addressing(dice)
    if chance(dice, 4):
        made.debuglevel = 1
    if chance(dice, 12):
        _override(dice, made)
    return made


def _override(dice: Random, made: Case) -> None:
    names = [f"r.{name}" for name in dice.sample(_OF_RESPONSES, dice.choice((1, 1, 2)))]
    if made.kind == "connection":
        names = names if chance(dice, 50) else []
        names += [f"c.{name}" for name in dice.sample(_OF_CONNECTIONS, dice.choice((1, 1, 2)))]
    made.overridden = tuple(sorted(names))
    made.override = dice.choice(("subclass", "subclass", "class", "object"))


def _socket(dice: Random) -> str:
    draw = dice.random()
    if draw < 0.7:
        return "pair"
    if draw < 0.99:
        return dice.choice(("file", "pieces", "derived"))
    return dice.choice(("unready", "unready", "late"))


def _method(dice: Random) -> str | None:
    return dice.choice(("GET", "GET", "GET", "GET", "GET", "POST", "HEAD", "CONNECT", "head", None))


def _reading(dice: Random) -> Case:
    """A body read in all ways."""
    steps: list[Step] = [("call", "begin")] if dice.random() < 0.98 else []
    return Case("response", _socket(dice), [response(dice)], steps + reading.steps(dice), _method(dice))


def _looking(dice: Random) -> Case:
    """Headers looked at and changed."""
    steps: list[Step] = [("call", "begin"), *messages.steps(dice)]
    for _ in range(dice.choice((0, 0, 0, 1, 2))):
        steps.insert(dice.randrange(1, len(steps) + 1), reading.step(dice))
    return Case(
        "response", "pair" if dice.random() < 0.8 else _socket(dice), [response(dice)], steps, _method(dice)
    )


def _asking(dice: Random) -> Case:
    """Requests and their responses, one after the other."""
    wires = []
    exchanges = dice.choice((1, 1, 2, 3))
    for _ in range(dice.choice((1, 2, 3))):
        wires.append(
            b"".join(response(dice, odd=chance(dice, 20)) for _ in range(dice.choice((1, 1, exchanges))))
        )
    steps: list[Step] = []
    if chance(dice, 10):
        steps.append(sending.a_tunnel(dice))
    for _ in range(exchanges):
        steps += [sending.a_request(dice)] if chance(dice, 65) else sending.by_steps(dice)
        if chance(dice, 90):
            steps.append(("c.call", "getresponse"))
        draw = dice.random()
        if draw < 0.5:
            steps.append(("call", "read"))
        elif draw < 0.8:
            steps += reading.steps(dice, 3)
        if chance(dice, 10):
            steps += messages.steps(dice)[:3]
        if chance(dice, 15):
            steps.append(("c.call", "close"))
    for _ in range(dice.choice((0, 0, 0, 1, 2))):
        steps.insert(dice.randrange(len(steps) + 1), sending.noise(dice))
    socket = _socket(dice)
    made = Case("connection", socket, wires, steps, host=sending.a_host(dice, 3))
    if chance(dice, 3):
        made.options["blocksize"] = dice.choice((1, 3, 100))
    return made


def _addressing(dice: Random) -> Case:
    """Hosts and ports, odd ones above all."""
    steps: list[Step] = []
    if chance(dice, 50):
        steps.append(sending.a_tunnel(dice))
    if chance(dice, 60):
        steps += [("c.request", "GET", "/", "none", None, {}), ("c.call", "getresponse"), ("call", "read")]
    if chance(dice, 30):
        steps += [("c.call", "close"), *sending.PROXY_ANSWER, sending.a_request(dice)]
    wires = [response(dice, odd=False) + response(dice, odd=False) for _ in range(2)]
    return Case(
        "connection", "file" if chance(dice, 50) else "pair", wires, steps, host=sending.a_host(dice, 60)
    )
