"""Named volumes that a migration writes into, where its service mounts them: Odoo's filestore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.facts import ComposeModel
from tidegate.stack.migrations import Migration
from tidegate.stack.slot import declared_volumes


def volumes_for(model: ComposeModel, base_project: str, spec: Migration) -> dict[str, str]:
    """The engine's name of each volume that a migration is given -> where its service has it."""
    places = _places(model, spec.service)
    names = declared_volumes(model, base_project, spec.volumes)
    return {names[key]["name"]: places[key] for key in spec.volumes}


def unmounted_volumes(model: ComposeModel, migrations: Sequence[Migration]) -> Iterator[str]:
    """Those that the service of the migration does not have: nobody knows where they belong."""
    for spec in migrations:
        if spec.service in model["services"]:
            yield from (
                f"migrations: {key} is no named volume of services.{spec.service}"
                for key in sorted({*spec.volumes} - _places(model, spec.service).keys())
            )


def _places(model: ComposeModel, service: str) -> dict[str, str]:
    """Key of a named volume -> its path in the service's containers."""
    mounts = model["services"][service].get("volumes") or []
    return {
        mount["source"]: mount["target"]
        for mount in mounts
        if mount["type"] == "volume" and mount.get("source")
    }
