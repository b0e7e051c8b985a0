"""Responses as they come over the wire: well-formed, odd and hostile."""

from __future__ import annotations

from random import Random

PLAIN_STATUS = (
    "HTTP/1.1 200 OK",
    "HTTP/1.1 200 OK",
    "HTTP/1.1 200 OK",
    "HTTP/1.0 200 OK",
    "HTTP/1.1 200 ",
    "HTTP/1.1 404 Not Found",
    "HTTP/1.1 206 Partial Content",
    "HTTP/1.1 204 No Content",
    "HTTP/1.1 304 Not Modified",
    "HTTP/1.1 101 Switching Protocols",
    "HTTP/1.1 103 Early Hints",
    "HTTP/1.1 205 Reset Content",
    "HTTP/1.0 204 No Content",
)

ODD_STATUS = (
    *("HTTP/1.1  200  two blanks ", "HTTP/1.1\t200\ttabs", " HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1"),
    *("HTTP/1.1 +200 OK", "HTTP/1.1 2_00 OK", "HTTP/1.1 0200 OK", "HTTP/1.1 -200 OK", "HTTP/1.1 20x OK"),
    *(
        "HTTP/1.1 99 low",
        "HTTP/1.1 1000 high",
        "HTTP/1.1 999 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 \xb2\xb3\xb9 OK",
    ),
    *("HTTP/0.9 200 OK", "HTTP/1.2 200 OK", "HTTP/1.x 200 OK", "HTTP/1. 200 OK", "HTTP/1.10 200 OK"),
    *(
        "HTTP/2 200 OK",
        "HTTP/2.0 200 OK",
        "HTTP/1 200 OK",
        "HTTP/ 200 OK",
        "HTTP/11 200 OK",
        "HTTP/3.0 100 OK",
    ),
    *(
        "http/1.1 200 OK",
        "ICY 200 OK",
        "<html>",
        "",
        " ",
        "\r",
        "200 OK",
        "HTTP/1.1 200 OK\r",
        "HTTP/1.1 200 a\rb",
    ),
    *("\xa0HTTP/1.1 200 OK", "HTTP/1.1\xa0200\x85OK", "HTTP/1.1\x0b200\x1cOK", "HTTP/1.1 200\x00 OK"),
    *(
        "HTTP/1.1 200 caf\xe9",
        "HTTP/1.1 200 \x00",
        "HTTP/1.1 200 OK\x00",
        "HTTP/1.1 200 O\x7fK",
        "HTTP/1.1 200 \x85",
    ),
    *(
        "HTTP/1.1 200 \x1f",
        "HTTP/1.1 200 \x0b",
        "HTTP/1.1 200 OK\x0b",
        "HTTP/1.1 200 OK\x1c ",
        "HTTP/1.1 200 \x1fOK",
    ),
    *(
        "HTTP/1.1 200 \x85\x1f",
        "HTTP/1.1 200 \xa0",
        "HTTP/1.1 200 a\tb\t",
        "HTTP/1.1 200 \t",
        "HTTP/1.1 200\tOK",
    ),
    *("HTTP/1.1 100 Continue", "HTTP/1.1 102 Processing", "HTTP/1.1 100", "HTTP/1.0 100 x", "HTTP/1.1 150 x"),
)

PLAIN_FIELDS = (
    *(
        "Server: test",
        "Date: Thu, 31 Dec 2009 20:55:48 GMT",
        "X-Empty:",
        "X-A: one",
        "X-A: two",
        "x-a: three",
    ),
    *("Set-Cookie: a=b; Path=/", "Set-Cookie: c=d", 'ETag: "abc"', "Vary: Accept-Encoding, Cookie", "A: b"),
    *("Content-Type: text/html; charset=utf-8", "Content-Type: application/json", "Cache-Control:no-cache"),
    *("Last-Modified: yesterday", "X-Tab:\tvalue", 'Content-Disposition: attachment; filename="a.txt"'),
)

ODD_FIELDS = (
    *("Bad Name: x", "Name : x", "no colon at all", ": x", ":", "", " leading: x", "\tleading: x", "\xe9: x"),
    *(
        "X-Fold: a\r\n b",
        "X-Fold: a\n\tb",
        "X-Fold:\r\n b",
        "X-Fold: a\r\n  \r\n b",
        "X-Fold: a\r\n\t",
        " fold",
    ),
    *("From someone", "From: x", ">From x", "From x: y", "X-Trail: a  ", "X-Trail: \t a\t", "X-Blank:   "),
    *(
        "X-Cr: a\rb",
        "X-Cr: a\rB: c",
        "X-Cr: a\r",
        "\r",
        "X-Cr: a\r\rb",
        "X\rY: z",
        "X-Nul: a\x00b",
        "X\x00: y",
    ),
    *(
        "X-Ctl: \x01\x0b\x0c\x1c\x1d\x1e\x7f",
        "X-Sep: a\x85b",
        "X-Sep: a\xa0",
        "X-Utf8: \xc3\xa9",
        "X-\xc3\xa9: x",
    ),
    *(
        "X\x7f: y",
        "X\x0b: y",
        "X\x0c: y",
        "X\x1c: y",
        "X;y: z",
        "(X): y",
        "X\t: y",
        "X-Sep:\x0ba",
        "X-Ff: a\x0c",
    ),
    *(
        "Content-Type: multipart/mixed; boundary=x",
        "Content-Type: multipart/mixed",
        "Content-Type: message/rfc822",
    ),
    *(
        "Content-Type: message/partial",
        "Content-Type: message/delivery-status",
        "Content-Type: MULTIPART/x; boundary",
    ),
    *(
        "Content-Type: text",
        "Content-Type: ",
        'Content-Type: multipart/digest; boundary="a b"',
        "content-TYPE: a/b/c",
    ),
    *(
        "Content-Transfer-Encoding: base64",
        "Content-Type: text/plain; charset*=utf-8''%e9",
        "MIME-Version: 1.0",
    ),
    *('Content-Type: text/plain; charset="us-ascii"; charset=x', "Content-Disposition: inline; a*0=b; a*1=c"),
)

CONNECTION = (
    *(
        "Connection: close",
        "Connection: keep-alive",
        "Connection: Keep-Alive",
        "Connection: CLOSE",
        "Connection:",
    ),
    *(
        "Connection: not-closed",
        "Connection: a, close",
        "Keep-Alive: timeout=5",
        "Keep-Alive:",
        "Keep-Alive: ",
    ),
    *("Proxy-Connection: keep-alive", "Proxy-Connection: close", "Connection: upgrade\r\nUpgrade: x"),
    *(
        "Connection: a\r\nConnection: close",
        "Connection: close\r\nConnection: keep-alive",
        "connection: xKEEP-ALIVEx",
    ),
)

CODINGS = (
    *("Transfer-Encoding: chunked", "Transfer-Encoding: Chunked", "transfer-encoding:chunked", "TE: chunked"),
    *("Transfer-Encoding: chunked ", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: xchunked"),
    *("Transfer-Encoding: identity", "Transfer-Encoding:", "Transfer-Encoding: chunked\x00"),
    *(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
    ),
    *("Transfer-Encoding: chun\u212aed".encode("utf-8").decode("latin-1"), "Transfer-Encoding: \r\n chunked"),
)

LENGTHS = (
    *(
        "+5",
        "-5",
        "5_0",
        " 5 ",
        "5 ",
        "0005",
        "5, 5",
        "5,5",
        "x",
        "",
        "0x5",
        "5.0",
        "-0",
        "\xb2",
        "5\x00",
        "\x0b5",
    ),
    *(
        "9" * 4301,
        "1" * 30,
        str(2**63 - 1),
        str(2**63),
        str(2**64),
        "1" + "0" * 17,
        "5\r\n 6",
        "\x0c7\x0c",
        "00",
        "1e1",
    ),
)

SIZES = (
    *(
        "+5",
        "-5",
        "0x5",
        "5_0",
        " 5",
        "5 ",
        "x",
        "",
        "05",
        "0000000000000000000005",
        "5;",
        "5 ;a=b",
        "5\t",
        "-0",
        "-1",
    ),
    *(
        '5;a="b;c"',
        "5 a",
        "5\x00",
        "g",
        "0X5",
        "+0x5",
        "5\r",
        "\xa05",
        "5\x0b",
        "ffffffffffffffff",
        "7fffffffffffffff",
    ),
    *("8000000000000000", "F" * 40, ";5", "5,5", "\xb2", "1_", "_1", "0_5", "--5", "1" + "0" * 12),
)

TEXT = (b"Hello,\nworld\r\nof lines\n\n\r\n and 0123456789 abcdef ghijkl\xe9\x00\xff\n" * 4)[:250]


def chance(dice: Random, of_hundred: float) -> bool:
    """True so many times out of a hundred."""
    return dice.random() * 100 < of_hundred


def body(dice: Random) -> bytes:
    """Some bytes, mostly few."""
    start = dice.randrange(60)
    if chance(dice, 0.3):
        return TEXT[start:] * dice.randrange(30, 120)
    return TEXT[start : start + int(dice.random() ** 2 * 120)]


def end_of_line(dice: Random, odd: bool) -> str:
    """How a line ends."""
    if odd and chance(dice, 12):
        return dice.choice(("\n", "\r", "\n\r", "\r\r\n", "", "\n\n", " \r\n", "\x0c\r\n", "\x85"))
    return "\r\n"


def chunks(dice: Random, data: bytes, odd: bool) -> bytes:
    """A body in chunks."""
    pieces = []
    at = 0
    while at < len(data):
        size = 1 + int(dice.random() ** 2 * 50) if len(data) < 400 else dice.randrange(1, 2000)
        piece = data[at : at + size]
        at += size
        written = f"{len(piece):x}" if dice.random() < 0.8 else f"{len(piece):04X}"
        if odd and chance(dice, 8):
            written = dice.choice(SIZES)
        elif chance(dice, 5):
            written += dice.choice((";ext", "; a=b", ';a="b"', " ; a"))
        end = end_of_line(dice, odd) if odd else "\r\n"
        pieces.append(written.encode("latin-1") + end.encode("latin-1") + piece)
        pieces.append(
            b"\r\n"
            if not odd or dice.random() < 0.93
            else dice.choice((b"", b"\n", b"XX", b"\r\n\r\n", b"\r"))
        )
    if odd and chance(dice, 8):
        return b"".join(pieces)
    pieces.append(
        dice.choice((b"0\r\n", b"0\r\n", b"0\r\n", b"000\r\n", b"0;x\r\n", b"0\n" if odd else b"0\r\n"))
    )
    if chance(dice, 15):
        pieces.append(
            dice.choice(
                (b"A: b\r\n", b"A: b\r\nC: d\r\n", b"bad trailer\r\n", b" fold\r\n", b"X\n", b"\r\r\n")
            )
        )
        if odd and chance(dice, 4):
            pieces.append(b"T: t\r\n" * dice.choice((97, 98, 99, 100, 101, 102)))
    if not (odd and chance(dice, 10)):
        pieces.append(b"\r\n")
    return b"".join(pieces)


def response(dice: Random, odd: bool | None = None) -> bytes:
    """One response: head and body."""
    if odd is None:
        odd = dice.random() < 0.5
    lines = []
    if chance(dice, 6):
        lines += interim(dice, odd)
    lines += [dice.choice(ODD_STATUS if odd and chance(dice, 30) else PLAIN_STATUS), end_of_line(dice, odd)]
    data = body(dice)
    fields = [dice.choice(PLAIN_FIELDS) for _ in range(int(dice.random() ** 2 * 7))]
    draw = dice.random()
    if draw < 0.4:
        fields.append(f"Content-Length: {len(data)}")
    elif draw < 0.7:
        fields.append(
            "Transfer-Encoding: chunked" if not odd or dice.random() < 0.6 else dice.choice(CODINGS)
        )
        if chance(dice, 8):
            fields.append(f"Content-Length: {dice.choice((0, 5, len(data)))}")
        data = chunks(dice, data, odd)
    elif draw < 0.8:
        fields.append("Content-Length: " + (dice.choice(LENGTHS) if odd else str(dice.randrange(80))))
        if chance(dice, 15):
            fields.append("Content-Length: " + (dice.choice(LENGTHS) if odd else "5"))
    if chance(dice, 20):
        fields.append(dice.choice(CONNECTION))
    if odd:
        for _ in range(dice.choice((0, 1, 1, 2, 3))):
            fields.append(dice.choice(ODD_FIELDS))
        if chance(dice, 1):
            fields += [f"N{number}: v" for number in range(dice.choice((95, 96, 97, 98, 99, 100, 101, 120)))]
        if chance(dice, 0.2):
            fields.append("Long: " + "x" * dice.choice((65526, 65527, 65528, 65529, 70000)))
    dice.shuffle(fields)
    for field in fields:
        lines += (field, end_of_line(dice, odd))
    lines.append(end_of_line(dice, odd) if dice.random() < 0.95 else "")
    raw = "".join(lines).encode("latin-1") + data
    if chance(dice, 12):
        raw += dice.choice((b"\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"garbage", b"\n"))
    if odd:
        raw = damaged(dice, raw)
    return raw


def interim(dice: Random, odd: bool) -> list[str]:
    """What comes before the final response."""
    lines = []
    for _ in range(dice.choice((1, 1, 2, 3))):
        lines += (dice.choice(("HTTP/1.1 100 Continue", "HTTP/1.1 100", "HTTP/1.0 100 x")), "\r\n")
        for _ in range(dice.choice((0, 0, 1, 2))):
            lines += (dice.choice(ODD_FIELDS if odd else PLAIN_FIELDS), end_of_line(dice, odd))
        lines.append("\r\n")
    if odd and chance(dice, 4):
        lines *= dice.choice((33, 49, 50, 98, 99, 100, 101))
    return lines


def damaged(dice: Random, raw: bytes) -> bytes:
    """Sometimes cut short, or with a few bytes that are not what they were."""
    if chance(dice, 12):
        return raw[: dice.randrange(len(raw) + 1)]
    if chance(dice, 12) and raw:
        spoilt = bytearray(raw)
        for _ in range(dice.choice((1, 1, 2, 4))):
            at = min(dice.randrange(len(spoilt)), dice.randrange(len(spoilt)))
            byte = dice.choice((0, 9, 10, 13, 32, 58, 127, 128, 255, dice.randrange(256)))
            spoilt[at : at + dice.choice((0, 1, 1))] = bytes((byte,))
        return bytes(spoilt)
    return raw
