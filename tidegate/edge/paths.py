"""Paths as the edge compares them: case counts, and a query is no part of one."""

from __future__ import annotations


def is_below(path: str, of: str) -> bool:
    """Whether a request for `path` goes to who has `of`: `/api` is itself and all below `/api/`."""
    plain = path.partition("?")[0]
    return of == "/" or plain == of or plain.startswith(f"{of}/")
