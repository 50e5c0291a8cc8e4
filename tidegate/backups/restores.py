"""What putting a backup back would do: which data, which version goes with it, and what is lost.
Nothing here changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tidegate.errors import HeldError, InputError
from tidegate.facts import Backup
from tidegate.ledger.tables import Deployment, StoredBackup
from tidegate.plan.targets import origin_of
from tidegate.versions import is_held


@dataclass(frozen=True)
class RestorePlan:
    """What a person decides about."""

    backup: Backup
    version: str
    """What served when the backup was made, and will again."""
    serving: Deployment
    rows: Mapping[str, int]
    """`database.table` -> rows now. Shown, but not hashed, because they change by themselves."""
    dropped: tuple[str, ...] = ()
    """Databases of the backup that are not there now, and come back; likewise not hashed."""
    later: tuple[str, ...] = ()
    """Those that the backup does not hold, and that stay as they are."""

    @property
    def hash(self) -> str:
        """SHA-256 over what the decision is about; 64 hex digits."""
        decided = [self.backup.id, self.backup.sha256, self.version, self.serving.id]
        return hashlib.sha256(json.dumps(decided).encode()).hexdigest()


def choose_backup(
    kept: Sequence[StoredBackup], wanted: str | None, faulty: Collection[str] = ()
) -> StoredBackup:
    """The one of this id, or the newest. `kept` are the verified ones that still have their files,
    newest first.

    Raises InputError with the candidates; those whose folders are `faulty` are named as such.
    """
    found = next((one for one in kept if wanted in (None, one.id)), None)
    if found is None:
        doing = f"choosing the backup {wanted}" if wanted else "choosing the newest backup"
        raise InputError(
            doing,
            "there is no verified one of that id" if kept else "no verified backup is kept here",
            _choose_from(kept, faulty),
        )
    return found


def version_of(
    backup: StoredBackup, history: Collection[Deployment], held_commits: Collection[str]
) -> Deployment:
    """The deployment whose version served when the backup was made: its code fits this schema and
    these data.

    Raises InputError where nothing served then, HeldError where that version is on hold.
    """
    doing, known = (
        f"looking for the version of the backup {backup.id}",
        {one.id: one for one in history},
    )
    maker = known.get(backup.deployment_id or "")
    served = known.get((maker.rollback_target_id if maker else None) or "")
    if served is None:
        raise InputError(
            doing,
            "nothing served here when it was made",
            "Choose a later backup, or release a version first",
        )
    origin = origin_of(served, known)
    if is_held(origin.commit, held_commits):
        raise HeldError(
            doing,
            f"{origin.version} served then, and is on hold",
            "Lift the hold with `lift-hold/all`, or choose another backup",
        )
    return origin


def made_before(backup: StoredBackup, history: Collection[Deployment]) -> int:
    """The number of the deployment that made the backup: what it and later ones did to the schema
    is not in it."""
    return next(one.number for one in history if one.id == backup.deployment_id)


def is_restored_over(one: Deployment, history: Collection[Deployment]) -> bool:
    """Whether a later restore has put back data from before this deployment: what it did to the
    schema is gone with them."""
    return any(
        later.kind == "restore"
        and later.was_good
        and later.figures["restores"]["before"] <= one.number < later.number
        for later in history
    )


def _choose_from(kept: Sequence[StoredBackup], faulty: Collection[str]) -> str:
    if not kept:
        return "Backups are made by releases; see `state` in stack.yaml"
    return "Choose one of " + ", ".join(
        f"{one.id} "
        f"({one.made_at:%Y-%m-%d %H:%M} UTC{', which has faults' if one.id in faulty else ''})"
        for one in kept
    )
