"""The differences that are wanted, by their rows in docs/differences.md, as they show in a corpus."""

from __future__ import annotations

from typing import Any


def row_of(case: dict[str, Any], seen: dict[str, Any], wanted: dict[str, Any]) -> str | None:
    """The row of the table of differences that tells of this one, if there is one."""
    if not _same(seen, wanted, "status", "reason", "headers", "keep_alive"):
        return None
    if (
        (seen["status"] in (204, 304) or (seen["status"] or 200) < 200)
        and (seen["outcome"], seen["body"]) == ("ok", "")
        and any(name.lower() == "transfer-encoding" for name, _ in seen["headers"])
    ):
        return "bodiless-chunked"
    if (seen["exc"] or "").startswith("IncompleteRead: "):
        recorded = wanted["exc"] or ""
        if recorded.startswith("OverflowError: "):
            return "huge-sizes"
        if recorded == "ValueError: read length must be non-negative or -1":
            return "negative-chunk"
        if recorded.startswith("MemoryError"):
            return "promises"
    return None


def _same(seen: dict[str, Any], wanted: dict[str, Any], *names: str) -> bool:
    return all(seen[name] == wanted[name] for name in names)
