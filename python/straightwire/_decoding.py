"""A body without the codings that the server has put on it: `response.decoded()`."""

from __future__ import annotations

import io
from importlib import import_module

from straightwire._errors import HTTPException, IncompleteRead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# How much is read of the response, and decoded of it, at a time.
_BLOCK = 64 * 1024

# So much may come out whatever went in: small bodies of one byte repeated are no attack.
_FREE = 1 << 20

# Beyond that, so many bytes for one. Text is at 3 to 20; deflate goes up to 1032.
_RATIO = 100

# Codings one on top of the other; each costs a window of its own.
_MOST_CODINGS = 4


def decoded(self: Any, *, max_size: int | None = None, max_ratio: int | None = _RATIO) -> io.BufferedReader:
    """A file that gives the body decoded, by its Content-Encoding: gzip, deflate; br and zstd where the interpreter
    or an installed package (brotli, backports.zstd) knows them.

    Reading it raises `IncompleteRead` for a stream that ends early, `HTTPException` for one that is broken, for a coding
    that isn't known, and for more than `max_size` bytes, or more than `max_ratio` times what has arrived (1 MiB is
    free). None sets no limit.
    """
    named = (self.getheader("content-encoding") or "").lower().split(",")
    codings = [name for name in map(str.strip, named) if name not in ("", "identity")]
    if len(codings) > _MOST_CODINGS:
        raise HTTPException(f"got more than {_MOST_CODINGS} content codings")
    decoders = []
    for coding in reversed(codings):
        decoder = _new_decoder(coding)
        if decoder is None:
            raise HTTPException(f"content coding {coding!r} is not known")
        decoders.append(decoder)
    return io.BufferedReader(
        Decoded(self, decoders, max_size, max_ratio, (HTTPException, IncompleteRead)), _BLOCK
    )


class Decoded(io.RawIOBase):
    """The body of a response through decoders, the outermost coding first."""

    def __init__(
        self,
        response: Any,
        decoders: list[Any],
        max_size: int | None,
        max_ratio: int | None,
        errors: tuple[Any, Any],
    ) -> None:
        self._response = response
        self._decoders = decoders
        self._max_size = max_size
        self._max_ratio = max_ratio
        # Whose exceptions they are depends on whose the response is.
        self._broken, self._cut = errors
        # What came out of each decoder, after what came in.
        self._given = [0] * (len(decoders) + 1)

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some of the body; 0 at its end."""
        data = self._pull(len(self._decoders), len(buffer))
        if self._max_size is not None and self._given[-1] > self._max_size:
            raise self._broken(f"got more than {self._max_size} bytes decoded")
        buffer[: len(data)] = data
        return len(data)

    def _pull(self, level: int, most: int) -> bytes:
        """At most `most` bytes from behind the first `level` decoders; none at the end."""
        data = self._decode(level, most) if level else self._receive(most)
        self._given[level] += len(data)
        taken, given = self._given[0], self._given[level]
        # What comes from between two decoders costs time, even if nothing comes of it.
        if self._max_ratio is not None and given > max(_FREE, taken * self._max_ratio):
            raise self._broken(f"got {given} bytes decoded of {taken}: more than {self._max_ratio} for one")
        return data

    def _receive(self, most: int) -> bytes:
        data: bytes = self._response.read1(most)
        if not data and self._response.length:
            raise self._cut(b"", self._response.length)
        return data

    def _decode(self, level: int, most: int) -> bytes:
        decoder = self._decoders[level - 1]
        while not decoder.is_over:
            try:
                data: bytes = decoder.take(most)
                if data:
                    return data
                if decoder.is_over:
                    break
                more = self._pull(level - 1, _BLOCK)
                if not more:
                    if decoder.is_fresh:
                        # Nothing at all stands for nothing at all.
                        break
                    raise self._cut(b"")
                decoder.feed(more)
            except decoder.errors as fault:
                raise self._broken(f"the {decoder.name} coding is broken: {fault}") from fault
        if level == len(self._decoders):
            # What comes after the end is of no use, but has to be read before the connection can be used again.
            while self._receive(_BLOCK):
                pass
        return b""


class _Zlib:
    """gzip, with as many members as there are, and deflate, which many servers send without zlib's frame."""

    def __init__(self, name: str) -> None:
        import zlib

        self.name = name
        self.errors: Any = zlib.error
        # Whether the input may end here.
        self.is_fresh = True
        self.is_over = False
        self._new: Callable[[int], Any] = zlib.decompressobj
        self._decoder: Any = None
        self._waiting = b""
        # The last output took all the room it had: there may be more without more input.
        self._is_full = False

    def feed(self, data: bytes) -> None:
        """Takes input, when what was there is used up."""
        if self._decoder is None:
            self._decoder = self._new(31 if self.name == "gzip" else 15 if _is_zlib(data) else -15)
        elif self.is_fresh and data[:1] != b"\x1f":
            # Padding after the last member.
            self.is_over = True
            return
        self.is_fresh = False
        self._waiting = data

    def take(self, most: int) -> bytes:
        """Output, none if there is too little input for it."""
        data = b""
        while not data and (self._waiting or self._is_full):
            data = self._decoder.decompress(self._waiting, most)
            self._waiting = self._decoder.unconsumed_tail
            self._is_full = len(data) == most
            if self._decoder.eof:
                rest = self._decoder.unused_data
                self._end_member(rest)
        return data

    def _end_member(self, rest: bytes) -> None:
        self.is_fresh = True
        self.is_over = self.name != "gzip"
        if not self.is_over:
            self._decoder = self._new(31)
            if rest:
                self.feed(rest)


def _is_zlib(data: bytes) -> bool:
    """Whether a stream begins with zlib's header, as far as it is there (RFC 1950 2.2)."""
    method = data[0] & 15 == 8 and data[0] >> 4 <= 7
    return method and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)


class _Brotli:
    """br, by the package brotli: from 1.2 on, which gives no more at a time than it is asked for."""

    name = "br"

    def __init__(self, module: Any) -> None:
        self.errors = module.error
        self.is_fresh = True
        self.is_over = False
        self._decoder = module.Decompressor()
        self._waiting = self._ready = b""

    def feed(self, data: bytes) -> None:
        """Takes input."""
        self.is_fresh = False
        self._waiting = data

    def take(self, most: int) -> bytes:
        """Output, none if there is too little input for it."""
        data = self._ready
        if not data and not self.is_fresh:
            waiting, self._waiting = self._waiting, b""
            # There may be more output without more input, and the limit is one that is passed by a little.
            data = self._decoder.process(waiting, output_buffer_limit=most)
        self._ready = data[most:]
        self.is_over = self._decoder.is_finished() and not self._ready
        return data[:most]


class _Zstd:
    """zstd, by the standard library or the package backports.zstd, with as many frames as there are."""

    name = "zstd"

    def __init__(self, module: Any) -> None:
        self.errors = module.ZstdError
        self.is_fresh = True
        self.is_over = False
        self._new = module.ZstdDecompressor
        self._decoder = self._new()
        self._waiting = b""

    def feed(self, data: bytes) -> None:
        """Takes input."""
        self.is_fresh = False
        self._waiting = data

    def take(self, most: int) -> bytes:
        """Output, none if there is too little input for it."""
        data: bytes = b""
        while not data and (self._waiting or not (self.is_fresh or self._decoder.needs_input)):
            waiting, self._waiting = self._waiting, b""
            data = self._decoder.decompress(waiting, most)
            if self._decoder.eof:
                self._waiting = self._decoder.unused_data
                self._decoder = self._new()
                self.is_fresh = not self._waiting
        return data


def _installed(names: tuple[str, ...], needs: str) -> Any:
    """The first of some modules that is there and is new enough to have what is needed."""
    for name in names:
        try:
            module = import_module(name)
        except ImportError:
            continue
        if hasattr(getattr(module, needs.partition(".")[0]), needs.partition(".")[2]):
            return module
    return None


def _new_decoder(coding: str) -> Any:
    """A decoder, None if there is none for that coding."""
    if coding in ("gzip", "x-gzip"):
        return _Zlib("gzip")
    if coding == "deflate":
        return _Zlib("deflate")
    if coding == "br":
        module = _installed(("brotli", "brotlicffi"), "Decompressor.can_accept_more_data")
        return module and _Brotli(module)
    if coding == "zstd":
        module = _installed(("compression.zstd", "backports.zstd"), "ZstdDecompressor.decompress")
        return module and _Zstd(module)
    return None
