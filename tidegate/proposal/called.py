"""By which names and ports of the host others call the services that a release starts: proposed
where the compose file says them plainly, and the page that is asked is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.doors import page_of
from tidegate.proposal.look import Look

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_PUBLISHED = re.compile(r"(?:(\d{1,3}(?:\.\d{1,3}){3}):)?(\d{1,5}):(\d{1,5})(?:/tcp)?")
MOST = 20


def names_called(look: Look, released: Sequence[str]) -> list[dict[str, Any]]:
    """Lines of `known_as`: a fixed name of a released service on a network that is not the stack's
    own. The first of `released` is behind the edge."""
    found = [
        {"service": service, "name": name, "network": network, **where}
        for service in released
        if (where := _where(look, released, service)) is not None
        for key, options in _networks(look.model["services"][service])
        if (network := _shared(look, key))
        for name in _names(look.model["services"][service], options)
    ]
    return list(islice(found, MOST))


def ports_called(look: Look, released: Sequence[str]) -> list[dict[str, Any]]:
    """Lines of `kept_ports`: what a released service publishes that is not the one people come
    to."""
    found = []
    for service in released[1:]:
        where = _where(look, released, service)
        for address, number, inside in _published(look.model["services"][service]):
            if where is not None and inside == where["port"]:
                at = {"address": address} if address else {}
                found.append({"service": service, "host_port": number, **at, **where})
    return list(islice(found, MOST))


def _where(look: Look, released: Sequence[str], service: str) -> dict[str, Any] | None:
    """What the line says of port and page: nothing of the service behind the edge, which says both
    itself. None where nobody can tell them."""
    if service == released[0]:
        return {}
    file = look.dockerfiles.get(service, Dockerfile())
    page = page_of(look.model["services"][service], file)
    return {"port": page[0], "ready_path": page[1]} if page else None


def _networks(service: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Key and options; Compose lets a list stand for keys alone."""
    said = service.get("networks") or {}
    for key in said:
        yield str(key), (said[key] or {}) if isinstance(said, Mapping) else {}


def _shared(look: Look, key: str) -> str:
    """The engine's name of a network that others have made; empty for the stack's own."""
    declared = (look.model.get("networks") or {}).get(key) or {}
    name = str(declared.get("name") or key) if declared.get("external") else ""
    return name if _NETWORK.fullmatch(name) else ""


def _names(service: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    said = [service.get("container_name") or "", *(options.get("aliases") or [])]
    return [name for name in dict.fromkeys(map(str, said)) if _NAME.fullmatch(name)]


def _published(service: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Address (empty for all), port of the host, port inside; of what is written as numbers."""
    for one in service.get("ports") or ():
        if isinstance(one, Mapping):
            at = f"{one['host_ip']}:" if one.get("host_ip") else ""
            protocol = f"/{one['protocol']}" if one.get("protocol") else ""
            text = f"{at}{one.get('published')}:{one.get('target')}{protocol}"
        else:
            text = str(one)
        if found := _PUBLISHED.fullmatch(text):
            yield found[1] or "", int(found[2]), int(found[3])
