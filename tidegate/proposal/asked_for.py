"""What of a compose file is the application: without the services that nobody asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.proposal.compose_files import MEANT_PROFILES
from tidegate.stack.variables import filled

_FOR_DEVELOPERS = re.compile(
    r"\b(?:dev|devel|development|debug|test|tests|testing|e2e|ci|tools?|assets|local|docs|lint|setup|monitoring|"
    r"observability|gpu|cuda)\b",
    re.IGNORECASE,
)
_OWN_FOLDER = re.compile(r"\$(?:PWD\b|\{PWD\}|\{PWD:?-[^{}]*\})")


def asked_for(
    model: Mapping[str, Any], example: Mapping[str, str]
) -> tuple[ComposeModel, tuple[str, ...]]:
    """Without the services of a profile: compose starts them only when somebody asks for it. The
    team's own env file may ask; where every service has one, those that are no developer's are
    the application. Compose starts nothing while a service needs one that is left out, so its
    profile is asked for too. Returns the profiles."""
    services: Mapping[str, Any] = model["services"]
    there = {profile for one in services.values() for profile in one.get("profiles") or ()}
    wanted = {one.strip() for one in example.get("COMPOSE_PROFILES", "").split(",")} & there
    if not wanted and services and all(one.get("profiles") for one in services.values()):
        wanted = there & MEANT_PROFILES or there
    wanted = {one for one in wanted if not _FOR_DEVELOPERS.search(one.replace("_", "-"))}
    kept = _started(services, wanted)
    while needed := _needed_profiles(services, kept):
        wanted |= needed
        kept = _started(services, wanted)
    return {**model, "services": kept}, tuple(sorted(wanted))


def _started(services: Mapping[str, Any], wanted: Collection[str]) -> dict[str, Any]:
    return {
        name: one
        for name, one in services.items()
        if not one.get("profiles") or {*wanted} & {*one["profiles"]}
    }


def _needed_profiles(services: Mapping[str, Any], kept: Collection[str]) -> set[str]:
    """The first profile of each service that one of `kept` waits for and that is none of them."""
    waited = (_waits_for(services[name]) for name in kept)
    lacking = {one for names in waited for one in names if one in services and one not in kept}
    return {services[one]["profiles"][0] for one in lacking}


def _waits_for(service: Mapping[str, Any]) -> list[str]:
    said = service.get("depends_on") or {}
    if not isinstance(said, Mapping):
        return [*said]
    return [name for name, how in said.items() if (how or {}).get("required", True)]


def in_folder(model: Mapping[str, Any], folder: str, values: Mapping[str, str]) -> ComposeModel:
    """With `$PWD`, which is the folder of the compose files, put in; and with the mounts that are
    a variable as a whole, by `values` or their defaults."""
    put: ComposeModel = _put(model, folder)
    for service in put["services"].values():
        mounts = (_bound(one, folder, values) for one in service.get("volumes") or ())
        service["volumes"] = [one for one in mounts if one]
    return put


def _put(tree: Any, folder: str) -> Any:
    if isinstance(tree, str):
        return _OWN_FOLDER.sub(lambda _: folder, tree)
    if isinstance(tree, Mapping):
        return {key: _put(inner, folder) for key, inner in tree.items()}
    return [_put(inner, folder) for inner in tree] if isinstance(tree, list) else tree


def _bound(
    mount: Mapping[str, Any], folder: str, values: Mapping[str, str]
) -> dict[str, Any] | None:
    """Compose takes for a volume's name what begins with a variable, and for a target what is one.
    None where nobody knows what is mounted."""
    source, target = str(mount.get("source") or ""), str(mount.get("target") or "")
    if not source and target.startswith("${"):
        source, _, target = filled(target, values).partition(":")
        if not target:
            return None
        path = source if source.startswith("/") else os.path.normpath(f"{folder}/{source}")
        said = {"source": path if source.startswith((".", "/")) else source}
        target, _, mode = target.partition(":")
        read_only = {"read_only": True} if "ro" in mode.split(",") else {}
        mount = {"type": "volume", "target": target, **said, **read_only}
    is_path = str(mount.get("source") or "").startswith("/")
    return {**mount, "type": "bind"} if is_path and mount.get("type") == "volume" else {**mount}
