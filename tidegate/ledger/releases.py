"""Releases: recorded once, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from tidegate.errors import LedgerError
from tidegate.ledger.chain import digest
from tidegate.ledger.store import Store
from tidegate.ledger.tables import Deployment, Release
from tidegate.policy.states import OPEN, DeploymentState

AT_WORK = OPEN | {DeploymentState.GOOD}
BROUGHT = ("release", "adoption")
"""Kinds of deployments that a way back leads to."""


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

    def needless(self, stack: str, newest: int) -> dict[str, set[str]]:
        """Pins of a stack's deployments that nobody needs any more -> the versions that had them.

        Needed is, in each environment of every stack, what serves, what a deployment has on which
        somebody must still act, and what the `newest` good releases and takeovers had.
        """
        pins: dict[str, set[str]] = {}
        with self._store.reading(f"looking which images of {stack} are needed") as session:
            deployed = select(Release).where(Release.stack == stack).join(Deployment).distinct()
            for release in session.scalars(deployed):
                for pin in release.images.values():
                    pins.setdefault(pin, set()).add(release.version)
            needed = {pin for one in _needed(session, newest) for pin in one.images.values()}
        return {pin: versions for pin, versions in pins.items() if pin not in needed}


def _needed(session: Session, newest: int) -> Iterator[Release]:
    places = select(Deployment.stack, Deployment.environment).distinct()
    for stack, environment in session.execute(places).all():
        here = select(Deployment).where(
            Deployment.stack == stack, Deployment.environment == environment
        )
        good = (
            here.where(Deployment.good_at.is_not(None), Deployment.kind.in_(BROUGHT))
            .order_by(Deployment.number.desc())
            .limit(newest)
        )
        for wanted in (here.where(Deployment.state.in_(AT_WORK)), good):
            yield from (one.release for one in session.scalars(wanted))
