"""Which services of a vendor's keep data of their own, whatever their images are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.known_images import FRONTS
from tidegate.proposal.roles import Role, is_built, made_from
from tidegate.stack.own_volumes import own_volumes


def with_own_data(
    roles: Mapping[str, Role], services: Mapping[str, Any], version: Collection[str]
) -> tuple[dict[str, Role], frozenset[str]]:
    """The roles, with such services in the base: two of them would write into one volume. Also
    those that stay released although they keep data, because they start after a released one:
    each of these never runs twice.

    `version` are the service at the edge and those whose images a version gives: they are the
    application. Where something is built here, the other services are what it is made for, and
    none of them goes to the base.
    """
    released = [name for name, role in roles.items() if role == "released"]
    keepers = {name for name in released if name not in version and _keeps(services, name)}
    others = {*released} - keepers
    alone = {name for name in keepers if _starts_after(services, name, others)}
    is_vendors = not any(is_built(services[name]) for name in released)
    once: dict[str, Role] = dict.fromkeys(keepers - alone if is_vendors else (), "base")
    return {**roles, **once}, frozenset(alone)


def _keeps(services: Mapping[str, Any], name: str) -> bool:
    """A front has certificates, and no data."""
    service = services[name]
    is_front = FRONTS.search(made_from(service, Dockerfile()))
    return not is_built(service) and not is_front and bool(own_volumes(services, name))


def _starts_after(services: Mapping[str, Any], name: str, others: Collection[str]) -> bool:
    return not {*(services[name].get("depends_on") or ())}.isdisjoint(others)
