"""Where a service listens, and which page says that it is ready: from compose file and
Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.roles import FRONTS
from tidegate.stack.variables import with_defaults

_URL = re.compile(r"https?://[^\s/'\"]+(/[^\s'\"\\)|;&,]*)?")
_TARGET = re.compile(r"(\d{1,5})(?:/tcp)?")


def ports_of(service: Mapping[str, Any], dockerfile: Dockerfile) -> tuple[int, ...]:
    """Inside the container. What is published says it first, then `expose:`, then EXPOSE of the
    Dockerfile."""
    for said in (_published(service), _exposed(service), iter(dockerfile.ports)):
        if found := tuple(dict.fromkeys(said)):
            return found
    return (80,) if FRONTS.search(str(service.get("image") or "")) else ()


def ready_path_of(service: Mapping[str, Any], dockerfile: Dockerfile) -> str:
    """The path of the page that the service's own health check asks; empty where none asks a
    page."""
    test = (service.get("healthcheck") or {}).get("test") or ()
    for text in (
        ""
        if test in ("NONE", ["NONE"])
        else " ".join([test] if isinstance(test, str) else map(str, test)),
        dockerfile.healthcheck,
    ):
        if found := _URL.search(text):
            return found[1] or "/"
    return ""


def _published(service: Mapping[str, Any]) -> Iterator[int]:
    for one in service.get("ports") or ():
        target = one.get("target") if isinstance(one, Mapping) else str(one)
        if (port := _port(target)) is not None:
            yield port


def _exposed(service: Mapping[str, Any]) -> Iterator[int]:
    yield from (port for one in service.get("expose") or () if (port := _port(one)) is not None)


def _port(said: object) -> int | None:
    """The last number of `127.0.0.1:${PORT:-8000}:8000`; None of a range, of UDP, and where a
    variable has no default."""
    target = re.split(r":(?![^{]*\})", str(said))[-1]
    found = _TARGET.fullmatch(with_defaults(target) or "")
    return int(found[1]) if found else None
