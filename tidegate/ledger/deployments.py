"""Deployments: opened once per key, moved by one method, read by number, by history and by who
serves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Select, func, select

from tidegate.errors import LedgerError, MoveError
from tidegate.ledger import serving
from tidegate.ledger.columns import DeploymentKind
from tidegate.ledger.store import Store, Writing
from tidegate.ledger.tables import Deployment, Release
from tidegate.policy.states import OPEN, DeploymentState, may_move

_BEFORE_ANY_CHANGE = (DeploymentState.PLANNED, DeploymentState.WAITING)


class Deployments:
    def __init__(self, store: Store) -> None:
        self._store = store

    def open(
        self,
        *,
        key: str,
        release_id: str,
        environment: str,
        requested_by: str,
        run_id: str,
        kind: DeploymentKind = "release",
        origin_id: str | None = None,
        plan_hash: str | None = None,
        rollback_target_id: str | None = None,
        reason: str = "",
        slot: str | None = None,
        above: int = 0,
        fence: int | None = None,
    ) -> Deployment:
        """A new PLANNED deployment with the next number, or the one that `key` opened before.

        `slot` is the compose project to use; without one, the deployment gets its own. `above` is
        the highest number that is known outside of this ledger.

        Raises LedgerError when a key comes again with another release or environment, or a way back
        names no origin.
        """
        doing = f"opening the deployment {key}"
        if (kind in ("rollback", "restore", "base")) != (origin_id is not None):
            raise LedgerError(
                doing,
                "a way back, and nothing else, has an origin",
                "Give kind and origin_id together",
            )
        with self._store.writing(doing) as tx:
            if (
                there := tx.session.scalars(select(Deployment).where(Deployment.key == key)).first()
            ) is not None:
                return _same_request(tx, there, release_id, environment, doing)
            release = _release(tx, release_id, doing)
            tx.guard(release.stack, environment, fence)
            number = max(_highest_number(tx, release.stack, environment), above) + 1
            deployment = Deployment(
                id=tx.new_id(),
                key=key,
                stack=release.stack,
                environment=environment,
                number=number,
                release=release,
                kind=kind,
                origin_id=origin_id,
                rollback_target_id=rollback_target_id,
                slot=slot or f"{release.stack}-{environment}-{number}",
                state=DeploymentState.PLANNED,
                reason=reason,
                requested_by=requested_by,
                run_id=run_id,
                plan_hash=plan_hash,
                figures={},
                created_at=tx.now,
            )
            tx.session.add(deployment)
            tx.audit(
                "deployment.opened",
                serving.subject(deployment),
                actor=requested_by,
                key=key,
                kind=kind,
                release_id=release_id,
                origin_id=origin_id,
                rollback_target_id=rollback_target_id,
                plan_hash=plan_hash,
                run_id=run_id,
            )
        return deployment

    def move(
        self,
        deployment_id: str,
        state: DeploymentState,
        *,
        reason: str,
        actor: str,
        fence: int | None = None,
    ) -> Deployment:
        """Move along the table of states; staying changes nothing, so that a killed step can run
        again.

        The one that becomes GOOD displaces whoever served before it: SUPERSEDED, or ROLLED_BACK by
        a rollback. Raises MoveError, FencedError.
        """
        doing = f"moving the deployment {deployment_id} to {state}"
        with self._store.writing(doing) as tx:
            deployment = _find(tx, deployment_id, doing)
            tx.guard(deployment.stack, deployment.environment, fence)
            if deployment.state == state:
                return deployment
            if not may_move(deployment.state, state):
                raise MoveError(
                    doing,
                    f"it is {deployment.state}",
                    "Look at its journal; it may have ended meanwhile",
                )
            serving.enter(tx, deployment, state, reason, actor)
            if state == DeploymentState.GOOD:
                serving.displace_others(tx, deployment, actor)
                serving.settle_troubled(tx, deployment, actor)
        return deployment

    def amend(
        self,
        deployment_id: str,
        *,
        plan_hash: str | None = None,
        rollback_target_id: str | None = None,
        schema_before: str | None = None,
        schema_after: str | None = None,
        run_id: str | None = None,
        figures: Mapping[str, Any] | None = None,
        actor: str | None = None,
        fence: int | None = None,
    ) -> Deployment:
        """Add what became known; None leaves a field as it is, and `figures` are merged.

        Raises LedgerError for another rollback target once changing has begun (P3), FencedError.
        """
        doing = f"amending the deployment {deployment_id}"
        given = {
            "plan_hash": plan_hash,
            "rollback_target_id": rollback_target_id,
            "schema_before": schema_before,
            "schema_after": schema_after,
            "run_id": run_id,
        }
        with self._store.writing(doing) as tx:
            deployment = _find(tx, deployment_id, doing)
            tx.guard(deployment.stack, deployment.environment, fence)
            new: dict[str, Any] = {
                name: value
                for name, value in given.items()
                if value not in (None, getattr(deployment, name))
            }
            if "rollback_target_id" in new and deployment.state not in _BEFORE_ANY_CHANGE:
                raise LedgerError(
                    doing,
                    f"it is {deployment.state}, its way back is fixed",
                    "Open a rollback instead",
                )
            if figures and (merged := {**deployment.figures, **figures}) != deployment.figures:
                new["figures"] = merged
            _set(tx, deployment, new, actor)
        return deployment

    def get(self, deployment_id: str) -> Deployment:
        """Raises LedgerError when there is none."""
        return self._one(
            select(Deployment).where(Deployment.id == deployment_id), f"deployment {deployment_id}"
        )

    def by_number(self, stack: str, environment: str, number: int) -> Deployment:
        """Raises LedgerError when there is none."""
        return self._one(
            _of(stack, environment).where(Deployment.number == number),
            f"deployment {stack} {environment} #{number}",
        )

    def history(self, stack: str, environment: str, limit: int | None = None) -> list[Deployment]:
        """Newest first."""
        return self._all(_of(stack, environment).order_by(Deployment.number.desc()).limit(limit))

    def current(self, stack: str, environment: str) -> Deployment | None:
        """The one that serves: GOOD or WATCHING, switched to last; else one whose way back has not
        arrived."""
        return serving.serving_one(self._all(serving.may_serve(stack, environment)))

    def places(self) -> list[tuple[str, str]]:
        """Stack and environment of everything that was ever deployed, by name."""
        with self._store.reading("reading what was deployed where") as session:
            found = session.execute(select(Deployment.stack, Deployment.environment).distinct())
            return sorted((stack, environment) for stack, environment in found)

    def of_run(
        self,
        run_id: str,
        environment: str,
        kinds: Collection[DeploymentKind] = ("release", "adoption"),
    ) -> list[Deployment]:
        """What one run has opened that is no way back, newest first: another release for each plan
        that was shown."""
        mine = select(Deployment).where(
            Deployment.run_id == run_id,
            Deployment.environment == environment,
            Deployment.kind.in_(kinds),
        )
        return self._all(mine.order_by(Deployment.number.desc()))

    def open_ones(
        self, stack: str | None = None, environment: str | None = None
    ) -> list[Deployment]:
        """All on which a run or a person must still act, oldest first."""
        wanted = (
            select(Deployment)
            .where(Deployment.state.in_(OPEN))
            .order_by(Deployment.created_at, Deployment.number)
        )
        if stack is not None:
            wanted = wanted.where(Deployment.stack == stack)
        return self._all(
            wanted if environment is None else wanted.where(Deployment.environment == environment)
        )

    def _all(self, wanted: Select[tuple[Deployment]]) -> list[Deployment]:
        with self._store.reading("reading deployments") as session:
            return list(session.scalars(wanted))

    def _one(self, wanted: Select[tuple[Deployment]], name: str) -> Deployment:
        found = self._all(wanted)
        if not found:
            raise LedgerError(
                f"looking for the {name}", "there is none", "Use an id or a number from the history"
            )
        return found[0]


def _of(stack: str, environment: str) -> Select[tuple[Deployment]]:
    return select(Deployment).where(
        Deployment.stack == stack, Deployment.environment == environment
    )


def _find(tx: Writing, deployment_id: str, doing: str) -> Deployment:
    deployment = tx.session.get(Deployment, deployment_id)
    if deployment is None:
        raise LedgerError(doing, "there is no such deployment", "Use an id from the history")
    return deployment


def _release(tx: Writing, release_id: str, doing: str) -> Release:
    release = tx.session.get(Release, release_id)
    if release is None:
        raise LedgerError(doing, f"there is no release {release_id}", "Record the release first")
    return release


def _set(tx: Writing, deployment: Deployment, new: Mapping[str, Any], actor: str | None) -> None:
    for name, value in new.items():
        setattr(deployment, name, value)
    if new:
        tx.audit("deployment.amended", serving.subject(deployment), actor=actor, **new)


def _same_request(
    tx: Writing, there: Deployment, release_id: str, environment: str, doing: str
) -> Deployment:
    if (there.release_id, there.environment) != (release_id, environment):
        raise LedgerError(
            doing, f"it is #{there.number}, of another release or environment", "Start a new run"
        )
    return there


def _highest_number(tx: Writing, stack: str, environment: str) -> int:
    highest = select(func.max(Deployment.number)).where(
        Deployment.stack == stack, Deployment.environment == environment
    )
    return tx.session.scalar(highest) or 0
