"""Whether the edge has loaded a route file: what its API shows, compared with what the file says.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

KINDS = ("routers", "middlewares", "services")


def difference(wanted: str | None, before: str | None, rawdata: Mapping[str, Any]) -> str | None:
    """The first thing of the file `wanted` that the edge has not, or of `before` that it still has;
    None when it obeys.

    `rawdata` is the JSON of Traefik's `/api/rawdata`: what it runs, with defaults filled in.
    """
    new, old = _elements(wanted), _elements(before)
    for (kind, name), element in new.items():
        running = rawdata.get(kind, {}).get(f"{name}@file")
        if running is None:
            return f"{kind} {name} is not loaded"
        if running.get("status") != "enabled" or running.get("error"):
            return (
                f"{kind} {name} is refused: {'; '.join(running.get('error', ['no reason given']))}"
            )
        if not _contains(running, element):
            return f"{kind} {name} is still the old one"
    stale = [
        f"{kind} {name} is still there"
        for kind, name in old.keys() - new.keys()
        if f"{name}@file" in rawdata.get(kind, {})
    ]
    return stale[0] if stale else None


@lru_cache(maxsize=16)
def _elements(text: str | None) -> Mapping[tuple[str, str], Any]:
    """Read once, however often the edge is asked: reading takes longer than the edge needs to
    obey."""
    http = (yaml.safe_load(text or "") or {}).get("http") or {}
    return {
        (kind, name): element for kind in KINDS for name, element in (http.get(kind) or {}).items()
    }


def _contains(running: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(running, Mapping) and all(
            _contains(running.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list) and wanted:
        return (
            isinstance(running, list)
            and len(running) == len(wanted)
            and all(map(_contains, running, wanted))
        )
    # References gain their provider's name, and numbers may come back as text.
    return (
        wanted in (None, running)
        or str(running) in (str(wanted), f"{wanted}@file")
        or (not wanted and not running)
    )
