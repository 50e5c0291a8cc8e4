"""Releases: recorded once, never changed."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from tidegate.errors import LedgerError
from tidegate.ledger.chain import digest
from tidegate.ledger.store import Store
from tidegate.ledger.tables import Release


class Releases:
    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self, *, stack: str, version: str, commit: str, images: Mapping[str, str], config_hash: str
    ) -> Release:
        """The release with exactly these fields; recorded now if it was not known."""
        fingerprint = digest([stack, version, commit, dict(images), config_hash])
        with self._store.writing(f"recording the release {stack} {version}") as tx:
            known = tx.session.scalars(
                select(Release).where(Release.fingerprint == fingerprint)
            ).one_or_none()
            if known is not None:
                return known
            release = Release(
                id=tx.new_id(),
                fingerprint=fingerprint,
                stack=stack,
                version=version,
                commit=commit,
                images=dict(images),
                config_hash=config_hash,
                created_at=tx.now,
            )
            tx.session.add(release)
            tx.audit(
                "release.recorded",
                f"release/{release.id}",
                stack=stack,
                version=version,
                commit=commit,
                images=dict(images),
                config_hash=config_hash,
            )
        return release

    def get(self, release_id: str) -> Release:
        """Raises LedgerError when there is none."""
        doing = f"looking for the release {release_id}"
        with self._store.reading(doing) as session:
            release = session.get(Release, release_id)
        if release is None:
            raise LedgerError(doing, "there is none", "Use an id from the history")
        return release
