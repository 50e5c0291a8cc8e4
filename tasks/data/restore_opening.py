"""How a restore begins: opened in the ledger for one backup, and decided about."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect.runtime import flow_run

from tasks.data.backups import kept_backups
from tasks.data.found import sources, sources_then
from tasks.frame.deployments import previous
from tasks.frame.environments import as_planned
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import work_of
from tasks.frame.outside import highest_number
from tasks.frame.step import without_secrets
from tasks.frame.work import Work
from tasks.people.acceptance import Question, wait_for_decision
from tasks.people.forms import RESTORE, RESTORE_CHECKLIST
from tidegate.backups.restores import RestorePlan, choose_backup, made_before, version_of
from tidegate.ledger.tables import StoredBackup
from tidegate.pages.question import about_restore
from tidegate.pages.restore import restore_page
from tidegate.plan.targets import serving
from tidegate.secrecy.outside_text import one_line


def open_restore(
    env: OpenEnvironment, *, backup: str | None, reason: str, requested_by: str
) -> Work:
    """The restore of this flow run: made once, found again when the run starts again.

    Raises InputError, HeldError with the candidates; BackupError, before anybody is asked, for one
    that is not what the ledger knows.
    """
    env.refuse_faults()
    key, deployments = f"restore/{flow_run.get_id()}/{env.name}", env.ledger.deployments
    history = deployments.history(env.stack.name, env.name)
    mine = next((one for one in history if one.key == key), None)
    others = [one for one in history if one.key != key]
    faulty = [fault.name for fault in kept_backups(env).faulty]
    wanted = _noted(mine.figures if mine else {}) or backup
    chosen = choose_backup(env.ledger.backups.verified(env.stack.name, env.name), wanted, faulty)
    if mine is None:
        # after a decision `compare_backup` does it, and ends what was opened
        env.backups.compare(chosen.facts)
    origin = version_of(chosen, others, env.ledger.holds.commits(env.stack.name))
    opened = mine or deployments.open(
        key=key,
        release_id=origin.release_id,
        environment=env.name,
        above=highest_number(env),
        requested_by=requested_by or "unnamed",
        run_id=str(flow_run.get_id()),
        kind="restore",
        origin_id=origin.id,
        rollback_target_id=serving(others).id,
        reason=one_line(reason),
        slot=origin.slot,
    )
    restores = {"backup": chosen.id, "before": made_before(chosen, others)}
    amended = deployments.amend(opened.id, figures={"restores": restores})
    return work_of(as_planned(env, origin), amended)


def ask_about_restore(work: Work) -> Work:
    """Go on only with a person's decision on this very backup and what serves now. Nothing is
    changed meanwhile."""
    plan, stack = _plan(work), work.env.stack
    language, zone = stack.language, stack.time_zone

    def page(expires: datetime, note: str) -> str:
        now = datetime.now(UTC)
        return restore_page(plan, language, now=now, expires=expires, time_zone=zone, note=note)

    return wait_for_decision(
        work,
        Question(
            hash=plan.hash,
            running=plan.serving.id,
            page=page,
            checklist=RESTORE_CHECKLIST,
            sentences=about_restore(plan, language, time_zone=zone),
            form=RESTORE[language],
            rejected="Nothing was changed. Correct the data, or release a corrected version",
        ),
    )


def env_of_data(work: Work) -> OpenEnvironment:
    """The databases live once: they are entered with the logins of the version that serves, not
    with older ones."""
    left = previous(work)
    return as_planned(work.env, left) if left else work.env


def _plan(work: Work) -> RestorePlan:
    env, chosen = env_of_data(work), chosen_backup(work)
    history = env.ledger.deployments.history(env.stack.name, env.name)
    others = [one for one in history if one.id != work.deployment.id]
    with without_secrets(env.redactor):
        now = {one.spec.name: one for one in sources(env)}
        then = [one.spec.name for one in sources_then(env, chosen.facts)]
        rows = {
            f"{name}.{table}": count
            for name in then
            if name in now
            for table, count in env.databases.as_owner(now[name]).row_counts().items()
        }
    return RestorePlan(
        chosen.facts,
        work.version.name,
        serving(others),
        rows,
        dropped=tuple(name for name in then if name not in now),
        later=tuple(name for name in now if name not in then),
    )


def chosen_backup(work: Work) -> StoredBackup:
    kept = work.env.ledger.backups.verified(work.env.stack.name, work.env.name)
    return choose_backup(kept, _noted(work.deployment.figures))


def _noted(figures: dict[str, object]) -> str | None:
    noted = figures.get("restores")
    return str(noted["backup"]) if isinstance(noted, dict) else None
