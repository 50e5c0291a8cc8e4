"""Backups: where they lie and which of them count."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Select, select

from tidegate.errors import LedgerError
from tidegate.facts import Backup
from tidegate.ledger.store import Store
from tidegate.ledger.tables import Deployment, StoredBackup
from tidegate.policy.states import OPEN


class Backups:
    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self,
        backup: Backup,
        *,
        stack: str,
        environment: str,
        deployment_id: str | None = None,
        fence: int | None = None,
    ) -> StoredBackup:
        """Record a backup, or what has become known of it since: its verification above all."""
        with self._store.writing(f"recording the backup {backup.id}") as tx:
            tx.guard(stack, environment, fence)
            facts = _columns(backup)
            stored = tx.session.get(StoredBackup, backup.id)
            if stored is not None and _columns(stored.facts) == facts:
                return stored
            if stored is None:
                stored = StoredBackup(
                    id=backup.id, stack=stack, environment=environment, deployment_id=deployment_id
                )
                tx.session.add(stored)
            for name, value in facts.items():
                setattr(stored, name, value)
            tx.audit(
                "backup.recorded",
                f"backup/{backup.id}",
                stack=stack,
                environment=environment,
                deployment_id=deployment_id,
                sha256=backup.sha256,
                size=backup.size,
                verified=backup.verified_at is not None,
            )
        return stored

    def newest_verified(self, stack: str, environment: str) -> StoredBackup | None:
        """The newest that counts and still has its files."""
        return next(iter(self.verified(stack, environment)), None)

    def verified(self, stack: str, environment: str) -> list[StoredBackup]:
        """Newest first, those that count and still have their files."""
        with self._store.reading("looking for backups") as session:
            return list(
                session.scalars(
                    _kept(stack, environment).where(StoredBackup.verified_at.is_not(None))
                )
            )

    def kept(self, stack: str, environment: str) -> list[StoredBackup]:
        """Newest first, all whose files were not pruned."""
        with self._store.reading("listing backups") as session:
            return list(session.scalars(_kept(stack, environment)))

    def prunable(
        self, stack: str, environment: str, keep: int, *, faulty: Collection[str] = ()
    ) -> list[StoredBackup]:
        """Oldest first: all older than the `keep` newest verified ones, verified or not.

        None while fewer than `keep` are verified. Never one that an unfinished deployment may go
        back to, or puts back. `faulty` ones are neither counted nor among them.
        """
        with self._store.reading("looking for old backups") as session:
            kept = [
                one for one in session.scalars(_kept(stack, environment)) if one.id not in faulty
            ]
            unfinished = list(session.scalars(_unfinished(stack, environment)))
        verified = [backup for backup in kept if backup.verified_at is not None]
        if len(verified) < keep:
            return []
        older = kept[kept.index(verified[keep - 1]) + 1 :]
        in_use = {one.id for one in unfinished} | {_puts_back(one) for one in unfinished}
        return [
            backup for backup in reversed(older) if not in_use & {backup.id, backup.deployment_id}
        ]

    def pruned(self, backup_id: str) -> StoredBackup:
        """Note that its files are gone. Raises LedgerError when there is none."""
        doing = f"noting that the backup {backup_id} was removed"
        with self._store.writing(doing) as tx:
            stored = tx.session.get(StoredBackup, backup_id)
            if stored is None:
                raise LedgerError(doing, "there is none", "Use an id from `prunable`")
            if stored.pruned_at is None:
                stored.pruned_at = tx.now
                tx.audit("backup.pruned", f"backup/{backup_id}")
        return stored


def _columns(backup: Backup) -> dict[str, Any]:
    values = {field.name: getattr(backup, field.name) for field in fields(backup)}
    return {**values, "tables": dict(backup.tables)}


def _kept(stack: str, environment: str) -> Select[tuple[StoredBackup]]:
    return (
        select(StoredBackup)
        .where(
            StoredBackup.stack == stack,
            StoredBackup.environment == environment,
            StoredBackup.pruned_at.is_(None),
        )
        .order_by(StoredBackup.made_at.desc(), StoredBackup.id)
    )


def _puts_back(deployment: Deployment) -> str | None:
    """The backup that a restore is about."""
    restores = deployment.figures.get("restores")
    return str(restores["backup"]) if restores else None


def _unfinished(stack: str, environment: str) -> Select[tuple[Deployment]]:
    return select(Deployment).where(
        Deployment.stack == stack, Deployment.environment == environment, Deployment.state.in_(OPEN)
    )
