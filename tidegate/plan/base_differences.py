"""The container of a base service beside what the compose files say now: what differs by name, and
what must not differ, because its data would be away or could not be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.plan.adoption import FoundContainer, other_keys
from tidegate.plan.base_changes import CONFIG_HASH_LABEL
from tidegate.plan.claims import Claim
from tidegate.plan.occupants import Mounted
from tidegate.stack.formats import MOST_WAIT_SECONDS
from tidegate.stack.slot import published_ports

STOP_SECONDS = 10.0  # Compose's own, where a service says nothing
LEAST_START_SECONDS = 60.0
NEW_IMAGE_SECONDS = 900.0  # the first start of a newer server may convert its data
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_NUMBERS = re.compile(r"v?(\d+(?:\.\d+)*)")
_DURATION = re.compile(r"([\d.]+)(h|ms|us|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000_001}
_DECIDING: dict[str, int] = {"mysql": 2, "postgresql": 1, "redis": 1}
"""How many numbers of a server's version say which data it can read."""


def differences(
    found: FoundContainer,
    model: ComposeModel,
    hashes: Collection[str],
    image_id: str | None,
    files: Iterable[str],
) -> tuple[str, ...]:
    """What differs, by name; empty where nothing does.

    `hashes` are what Compose would call the service now, `image_id` is what its image's name means
    on the engine (None where it has no such image, or the name is a digest), `files` are the
    mounted ones that have changed.
    """
    service = model["services"][found.service]
    has_other_image = found.image != service.get("image") or image_id not in (None, found.image_id)
    is_as_said = found.labels.get(CONFIG_HASH_LABEL) in hashes
    named = list(_named(found, model, service)) if not is_as_said else []
    whole = [*(["image"] if has_other_image else []), *named, *(f"file {one}" for one in files)]
    return tuple(whole or ([] if is_as_said else ["another setting"]))


def _named(found: FoundContainer, model: ComposeModel, service: Mapping[str, Any]) -> Iterator[str]:
    if found.command != _words(service.get("command")):
        yield "command"
    yield from (f"environment.{key}" for key in other_keys(found, model))
    ports = {port for _, port in published_ports(model, found.service)}
    if ports != {one.port for one in found.ports}:
        yield "ports"
    if _mounted(found) - _given(service) != _targets(service):
        yield "volumes"


def _words(command: object) -> tuple[str, ...] | None:
    return tuple(map(str, command)) if isinstance(command, list) and command else None


def _targets(service: Mapping[str, Any]) -> set[str]:
    return {mount["target"] for mount in service.get("volumes") or () if mount["type"] != "tmpfs"}


def _mounted(found: FoundContainer) -> set[str]:
    """Without the volumes that only its image asks for."""
    return {one.target for one in found.mounts if not _ANONYMOUS.fullmatch(one.name)}


def _given(service: Mapping[str, Any]) -> set[str]:
    """Where Compose mounts the secrets and configs of a service."""
    secrets = {f"/run/secrets/{_target(one)}" for one in service.get("secrets") or ()}
    return {*secrets, *(f"/{_target(one).lstrip('/')}" for one in service.get("configs") or ())}


def _target(given: Mapping[str, Any]) -> str:
    named = str(given.get("target") or given["source"])
    return named.removeprefix("/run/secrets/")


def refusals(found: FoundContainer, said: Claim, *, is_database: bool) -> Iterator[str]:
    """Why its container cannot be made anew, one text for each reason: it would not have its data.
    `said` is what the compose files give the service."""
    told = {mount.target: mount for mount in said.mounts}
    data = [one for one in found.mounts if one.is_data]
    for one in data:
        yield from _moved(found, one, told.get(one.target))
    if is_database and not data:
        yield (
            f"{found.service}: {found.name} has neither a volume nor a folder of the host, so its "
            "data lie inside the container, and a new one would not have them"
        )


def _moved(found: FoundContainer, has: Mounted, said: Mounted | None) -> Iterator[str]:
    where = f"{found.service}: {has.target} is {has.name} in {found.name}"
    if said is None and not _ANONYMOUS.fullmatch(has.name):
        yield f"{where}, and the compose files name nothing there"
    elif said is not None and not said.places & has.places:
        yield f"{where}, and {said.name} in the compose files: its data would be away"


def older_server(service: str, engine: str, old: str, new: str) -> Iterator[str]:
    """A text where the tag of `new` says an older server than that of `old`, which cannot read the
    data that are there."""
    (old_name, old_numbers), (new_name, new_numbers) = _version(old), _version(new)
    most = min(_DECIDING[engine], len(old_numbers), len(new_numbers))
    if old_name == new_name and new_numbers[:most] < old_numbers[:most]:
        yield (
            f"{service}: {new} is older than {old}, which runs: an older server does not read the "
            "data of a newer one"
        )


def _version(reference: str) -> tuple[str, tuple[int, ...]]:
    """Repository, and the numbers that the tag begins with; none where it is no version."""
    named = reference.partition("@")[0]
    last = named.rpartition("/")[2]
    tag = last.partition(":")[2]
    numbers = _NUMBERS.match(tag)
    whole = tuple(int(one) for one in numbers[1].split(".")) if numbers else ()
    return named.removesuffix(f":{tag}") if tag else named, whole


def needed_by(model: ComposeModel, released: Collection[str]) -> set[str]:
    """Base services that a released one depends on, straight or by way of others."""
    needed, ahead = set[str](), list(released)
    while ahead:
        service = model["services"].get(ahead.pop(), {})
        new = set(service.get("depends_on") or {}) - needed - set(released)
        needed |= new
        ahead += new
    return needed


def stop_seconds(service: Mapping[str, Any]) -> float:
    """How long Compose lets it end before it is killed."""
    said = service.get("stop_grace_period")
    return _seconds(said) if said else STOP_SECONDS


def start_seconds(service: Mapping[str, Any], *, has_other_image: bool) -> float:
    """How long it may take to become healthy: as long as its own check gives it at least, but
    no longer than a step waits."""
    check = service.get("healthcheck") or {}
    each = _seconds(check.get("interval", "30s")) + _seconds(check.get("timeout", "30s"))
    own = _seconds(check.get("start_period", "0s")) + int(check.get("retries", 3)) * each
    least = NEW_IMAGE_SECONDS if has_other_image else LEAST_START_SECONDS
    return min(max(least, own), MOST_WAIT_SECONDS) if check.get("test") else least


def _seconds(duration: object) -> float:
    """Of `1m30s`, as Compose writes it."""
    return sum(float(amount) * _UNITS[unit] for amount, unit in _DURATION.findall(str(duration)))
