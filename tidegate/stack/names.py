"""The names by which the services of a compose file call each other, and how a slot keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tidegate.facts import ComposeModel


def slot_number(project: str) -> str:
    """`42` of the slot `cloudlens-prod-42`; the names of its services end in it."""
    return project.rpartition("-")[2]


def names_in_slot(model: ComposeModel, name: str, together: Sequence[str]) -> list[str]:
    """Every name by which the services that are `together` in a slot call the service `name`: its
    own, its aliases in any network, its `container_name`, and those that `links:` of the others
    give it."""
    service = model["services"][name]
    aliases = [
        alias
        for network in (service.get("networks") or {}).values()
        for alias in (network or {}).get("aliases") or []
    ]
    linked = [
        alias
        for other in together
        for target, alias in links_of(model["services"][other])
        if target == name
    ]
    container = [service["container_name"]] if service.get("container_name") else []
    return list(dict.fromkeys([name, *aliases, *container, *linked]))


def links_of(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The service that is meant, and the name it is given."""
    for link in service.get("links") or []:
        target, _, alias = str(link).partition(":")
        yield target, alias or target


def taken_in_slots(model: ComposeModel, together: Sequence[str]) -> Iterator[str]:
    """Services outside of a slot whose name a container of a slot has on the networks that they
    share."""
    for other in sorted(model["services"].keys() - set(together)):
        name, _, number = other.rpartition("-")
        if name in together and number.isdecimal():
            yield f"services.{other}: is the name that {name} has in a slot; give it another one"


def twofold_names(model: ComposeModel, together: Sequence[str]) -> Iterator[str]:
    """Names that mean one service in one network and another one elsewhere. In a slot both would be
    on one network."""
    claims: dict[str, dict[str, frozenset[str]]] = {}
    for name, service in model["services"].items():
        for said, networks in _names_by_network(name, service).items():
            claims.setdefault(said, {})[name] = networks
    for said, owners in sorted(claims.items()):
        if len(set(owners.values())) > 1 and not set(owners).isdisjoint(together):
            yield (
                f"services.{min(set(owners) & set(together))}.networks: {said} is a name of "
                f"{' and '.join(sorted(owners))} in different networks; give each a name of its own"
            )


def _names_by_network(name: str, service: dict[str, Any]) -> dict[str, frozenset[str]]:
    networks = {key: options or {} for key, options in (service.get("networks") or {}).items()}
    everywhere = dict.fromkeys(
        filter(None, (name, service.get("container_name"))), frozenset(networks)
    )
    aliases = {alias for options in networks.values() for alias in options.get("aliases") or []}
    return {
        **{
            alias: frozenset(
                key for key, options in networks.items() if alias in (options.get("aliases") or [])
            )
            for alias in aliases
        },
        **everywhere,
    }


def link_faults(model: ComposeModel, together: Sequence[str]) -> Iterator[str]:
    """Names that a slot cannot give: of a service that lives outside of it, or of another
    service."""
    for name in together:
        for target, alias in links_of(model["services"][name]):
            where = f"services.{name}.links: {target}:{alias}"
            if alias == target:
                continue
            if target not in together:
                yield (
                    f"{where} gives another name to a service outside of the slot; "
                    f"write it as an alias of services.{target}.networks"
                )
            elif alias in model["services"]:
                yield f"{where} gives it the name of another service; use the service's own"
