"""Where a service listens, and which page says that it is ready: from compose file and
Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.known_images import FRONTS
from tidegate.stack.variables import with_defaults

_URL = re.compile(
    r"(?:https?://[^\s/'\":]+"
    r"|\b(?:curl|wget)\b.*?\s(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?=[:/]))"
    r"(?::([^\s/'\"]*))?(/[^\s'\"\\)|;&,]*)?"
)
_NO_PAGES = frozenset({22, 25, 143, 443, 465, 587, 993, 1025, 2525, 8443, 9443})
"""Mail, SSH and TLS: the edge speaks plain HTTP."""
_FPM = re.compile(r"(?:^|/)php[^/]*[:-][^/]*fpm|(?:^|/)[^/]*php-fpm")
_FPM_PORT = 9000
"""FastCGI, which a web server before it speaks."""
_TARGET = re.compile(r"(\d{1,5})(?:/tcp)?")


def ports_of(service: Mapping[str, Any], dockerfile: Dockerfile) -> tuple[int, ...]:
    """Inside the container. What is published says it first, then `expose:`, then EXPOSE of the
    Dockerfile; where that are several or none, the health check."""
    asked = _asked_port(service, dockerfile)
    silent = {_FPM_PORT} if _is_fpm(service, dockerfile) else set[int]()
    for said in (_published(service), _exposed(service), iter(dockerfile.ports)):
        if found := tuple(one for one in dict.fromkeys(said) if one not in silent):
            pages = tuple(port for port in found if port not in _NO_PAGES)
            return (asked,) if asked in found else pages or found
    if asked:
        return (asked,)
    return (80,) if FRONTS.search(str(service.get("image") or "")) else ()


def _is_fpm(service: Mapping[str, Any], dockerfile: Dockerfile) -> bool:
    images = (dockerfile.base, str(service.get("image") or ""))
    return any(map(_FPM.search, images))


def ready_path_of(service: Mapping[str, Any], dockerfile: Dockerfile) -> str:
    """The path of the page that the service's own health check asks; empty where none asks a
    page."""
    asked = _asked(service, dockerfile)
    return (asked[2] or "/") if asked else ""


def page_of(service: Mapping[str, Any], dockerfile: Dockerfile) -> tuple[int, str] | None:
    """Port and path of the page that the service's own health check asks; None where it asks none,
    or at a port that nobody can tell."""
    port = _asked_port(service, dockerfile)
    return (port, ready_path_of(service, dockerfile)) if port else None


def _asked(service: Mapping[str, Any], dockerfile: Dockerfile) -> re.Match[str] | None:
    """The address that the health check asks: its port and path."""
    test = (service.get("healthcheck") or {}).get("test") or ()
    said = test if isinstance(test, str) else " ".join(map(str, test))
    texts = ("" if said == "NONE" else with_defaults(said) or said, dockerfile.healthcheck)
    return next(filter(None, map(_URL.search, texts)), None)


def _asked_port(service: Mapping[str, Any], dockerfile: Dockerfile) -> int | None:
    """None where it asks no page, or a port that a variable has."""
    asked = _asked(service, dockerfile)
    if asked is None:
        return None
    return 80 if asked[1] is None and asked[0].startswith("http:") else _port(asked[1] or "")


def _published(service: Mapping[str, Any]) -> Iterator[int]:
    for one in service.get("ports") or ():
        target = one.get("target") if isinstance(one, Mapping) else str(one)
        is_udp = isinstance(one, Mapping) and one.get("protocol", "tcp") != "tcp"
        if not is_udp and (port := _port(target)) is not None:
            yield port


def _exposed(service: Mapping[str, Any]) -> Iterator[int]:
    yield from (port for one in service.get("expose") or () if (port := _port(one)) is not None)


def _port(said: object) -> int | None:
    """The last number of `127.0.0.1:${PORT:-8000}:8000`; None of a range, of UDP, and where a
    variable has no default."""
    target = re.split(r":(?![^{]*\})", str(said))[-1]
    found = _TARGET.fullmatch(with_defaults(target) or "")
    return int(found[1]) if found else None
