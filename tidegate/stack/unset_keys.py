"""Keys that compose files take from the env file by their names alone, and that it has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidegate.facts import ComposeModel


def unset_secrets(model: ComposeModel, values: Mapping[str, str]) -> Iterator[str]:
    """One text for each secret without which Compose starts no container that has it."""
    declared = model.get("secrets") or {}
    used = {one["source"] for each in model["services"].values() for one in each.get("secrets", ())}
    for name in sorted(used & declared.keys()):
        key = declared[name].get("environment")
        if key and key not in values:
            yield f"secrets.{name}.environment: the env file has no {key}"


def unset_keys(model: ComposeModel) -> Iterator[tuple[str, str]]:
    """Path and key of each that a container would not be given: `environment: [KEY]`."""
    for name, service in model["services"].items():
        for key, value in (service.get("environment") or {}).items():
            if value is None:
                yield f"services.{name}.environment.{key}", key
