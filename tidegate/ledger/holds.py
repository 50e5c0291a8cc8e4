"""Holds: commits that must not be deployed again until a person lifts them."""

from __future__ import annotations

from sqlalchemy import Select, select

from tidegate.errors import LedgerError
from tidegate.ledger.store import Store
from tidegate.ledger.tables import Hold
from tidegate.versions import is_held


class Holds:
    def __init__(self, store: Store) -> None:
        self._store = store

    def place(self, *, stack: str, version: str, commit: str, reason: str, placed_by: str) -> Hold:
        """The hold on `commit`; one that is there already stays as it is."""
        with self._store.writing(f"placing a hold on {stack} {version}") as tx:
            if (there := tx.session.scalars(_active(stack, commit)).first()) is not None:
                return there
            hold = Hold(
                id=tx.new_id(),
                stack=stack,
                version=version,
                commit=commit,
                reason=reason,
                placed_by=placed_by,
                placed_at=tx.now,
            )
            tx.session.add(hold)
            tx.audit(
                "hold.placed",
                f"hold/{hold.id}",
                actor=placed_by,
                stack=stack,
                version=version,
                commit=commit,
                reason=reason,
            )
        return hold

    def lift(self, stack: str, commit: str, *, lifted_by: str, reason: str = "") -> Hold:
        """Raises LedgerError when the commit is not on hold."""
        doing = f"lifting the hold on {stack} {commit}"
        with self._store.writing(doing) as tx:
            hold = tx.session.scalars(_active(stack, commit)).first()
            if hold is None:
                raise LedgerError(doing, "it is not on hold", "Nothing has to be done to deploy it")
            hold.lifted_by, hold.lifted_at = lifted_by, tx.now
            tx.audit(
                "hold.lifted",
                f"hold/{hold.id}",
                actor=lifted_by,
                stack=stack,
                commit=commit,
                reason=reason,
            )
        return hold

    def holding(self, stack: str, commit: str) -> Hold | None:
        """The hold that forbids to deploy `commit`, the `id` of a version, if any."""
        return next((hold for hold in self.active(stack) if is_held(commit, [hold.commit])), None)

    def active(self, stack: str) -> list[Hold]:
        with self._store.reading(f"looking for holds on {stack}") as session:
            return list(session.scalars(_active(stack)))

    def commits(self, stack: str) -> frozenset[str]:
        """What is on hold, for `targets.choose_target`, which must not choose it."""
        return frozenset(hold.commit for hold in self.active(stack))


def _active(stack: str, commit: str | None = None) -> Select[tuple[Hold]]:
    wanted = (
        select(Hold)
        .where(Hold.stack == stack, Hold.lifted_at.is_(None))
        .order_by(Hold.placed_at, Hold.id)
    )
    return wanted if commit is None else wanted.where(Hold.commit == commit)
