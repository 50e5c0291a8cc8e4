"""The text of a proposed stack file: one line for each thing, and nothing that is said elsewhere or
is a default."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tidegate.proposal.called import names_called, ports_called
from tidegate.proposal.compose_files import Place
from tidegate.proposal.proposed import Proposed
from tidegate.proposal.remarks import (
    copy_warnings,
    profile_warnings,
    source_warnings,
    tunnel_warnings,
    unseen_sources,
)
from tidegate.proposal.seen import migration_hints, other_doors, redis_hints, route_hints

_PLAIN = re.compile(r"[A-Za-z_./~][A-Za-z0-9_ ./@+~-]*(?::[A-Za-z0-9_./@+~-]+)*")
_MEANS_MORE = frozenset({"yes", "no", "on", "off", "true", "false", "null", "~", "y", "n"})


def stack_text(one: Proposed, required: Mapping[str, Sequence[str]]) -> str:
    """`required` are keys that each env file must have."""
    return "".join(f"{line}\n" for line in _lines(one, required))


def _lines(one: Proposed, required: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield f"name: {one.name}"
    yield f"title: {_value(one.title)}"
    if one.builds:
        yield from source_warnings(unseen_sources(one.look, one.services))
        yield f"source: {_flow(_source(one))}"
    yield "services:"
    for place, (service, image) in enumerate(one.services.items()):
        edge = {} if place else {"port": one.port, "ready_path": one.ready_path}
        own = {"image": image, **({} if one.builds else {"tag": "{version}"})} if image else {}
        alone = {"alone": True} if service in one.alone else {}
        code = one.mounts.developers.get(service)
        left = {"not_mounted": list(code)} if code else {}
        yield f"  - {_flow({'name': service, **own, **edge, **alone, **left})}"
    released = [*one.services]
    yield from route_hints(released[0], other_doors(one.look, released))
    yield from profile_warnings(one.look)
    yield from tunnel_warnings(one.look, one.left_out)
    if one.left_out:
        yield f"left_out: {_value(list(one.left_out))}"
    if one.one_shots:
        yield f"one_shots: {_value(list(one.one_shots))}"
    if one.databases:
        yield "databases:"
    names = list(_database_names(one))
    for name, database in zip(names, one.databases, strict=True):
        facts = {"name": name, "engine": database.engine, "service": database.service}
        url = {"url_key": database.url_key} if database.url_key else {}
        yield f"  - {_flow({**facts, **database.keys, **url})}"
    if names:
        yield from migration_hints(one.look, released, names[0])
    yield from redis_hints(one.look, one.base)
    saved = {
        key: value
        for key, value in (
            ("databases", names),
            ("volumes", list(one.volumes)),
            ("files", list(one.mounts.written)),
            ("read_only", list(one.mounts.read_only)),
        )
        if value
    }
    yield from copy_warnings(one.look, one.base, one.volumes)
    if saved:
        yield f"state: {_flow(saved)}"
    yield f"smoke: [{_flow({'name': 'ready', 'path': one.ready_path})}]"
    yield "environments:"
    for number, (place_, domain) in enumerate(one.places):
        before = one.places[number - 1][0].name if number else None
        said = _environment(one, place_, domain, before)
        keys = list(required.get(place_.env_file, ()))
        yield f"  {place_.name}: {_flow({**said, **({'required_keys': keys} if keys else {})})}"


def _source(one: Proposed) -> dict[str, Any]:
    said = one.look.repository
    branch = {"branch": said.branch} if said.branch != "main" else {}
    context = {"context": said.context} if said.context != "." else {}
    return {"repository": said.address, **branch, **context}


def _database_names(one: Proposed) -> Iterator[str]:
    for database in one.databases:
        yield (
            "main"
            if len(one.databases) == 1
            else re.sub(r"[^a-z0-9-]", "-", database.service.lower())
        )


def _environment(one: Proposed, place: Place, domain: str, before: str | None) -> dict[str, Any]:
    after = {"after": before} if before else {}
    as_ = [name for name in one.look.env_file_as if name != place.env_file]
    beside = one.shares_host and place.kind != "production"
    alias = "latest" if place.kind == "production" else place.name
    is_seen = place.files == one.look.places[0].files  # those of staging may publish other ports
    called = _called(one) if place.kind == "production" and is_seen else {}
    return {
        "kind": place.kind,
        **after,
        "compose_files": list(place.files),
        "env_file": place.env_file,
        **({"env_file_as": as_} if as_ else {}),
        **({"base_project": place.base_project} if place.base_project else {}),
        **({"shares_host": True} if beside else {}),
        "domains": [domain],
        **called,
        "image_alias": alias,
    }


def _called(one: Proposed) -> dict[str, Any]:
    """Names and ports by which others call it: they have one owner on a host, which is
    production."""
    released = [*one.services]
    said = {
        "known_as": names_called(one.look, released),
        "kept_ports": ports_called(one.look, released),
    }
    return {key: lines for key, lines in said.items() if lines}


def _flow(pairs: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in pairs.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, Mapping):
        return _flow(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return (
        value
        if _PLAIN.fullmatch(value) and value.lower() not in _MEANS_MORE
        else json.dumps(value, ensure_ascii=False)
    )
