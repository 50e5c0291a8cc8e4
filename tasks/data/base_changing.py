"""Making base services anew as the compose files say, with what ran before kept until the new ones
serve."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime

from prefect import get_run_logger

from tasks.data.base_opening import plan_of
from tasks.frame.deployments import UNDECIDED
from tasks.frame.planned import Planned
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work, seals
from tasks.slots.health import wait_for
from tidegate.errors import ConfigError, EngineError, InputError, UnhealthyError
from tidegate.facts import PROJECT_LABEL
from tidegate.plan.base_changes import BasePlan
from tidegate.plan.sealed_files import content_hash, files_of
from tidegate.plan.seals import Seal
from tidegate.stack.bind_mounts import written_places
from tidegate.stack.envfile import fingerprint
from tidegate.waiting import seconds_since, to_a_tenth

PUT_BACK_SECONDS = 300


def refuse_other_version(work: Work) -> None:
    """A change is about the containers that serve and the services that ran when it was planned.

    Raises InputError where another version serves by now, and nothing was begun.
    """
    if work.deployment.state not in UNDECIDED:
        return
    now = work.env.ledger.deployments.current(work.env.stack.name, work.env.name)
    if now is None or now.id != work.deployment.rollback_target_id:
        raise InputError(
            f"changing the base services of {work.title}",
            f"{f'#{now.number} {now.version}' if now else 'nothing'} serves by now",
            "Nothing was changed. Start it again",
        )


def refuse_half_way_back(work: Work) -> None:
    """A run that was killed while what ran before was put back is not begun anew: that goes on.
    Raises EngineError."""
    if work.env.ledger.journal.get(work.key("put-base-back")) is not None:
        raise EngineError(
            f"changing the base services of {work.title}",
            "it had failed, and its run was interrupted while what ran before was put back",
            "Look why it had failed, and start it again",
        )


@step("plan", timeout_seconds=30)
def note_base(work: Work) -> Evidence:
    """Say for later ways back that this change left the schema as it was.

    Needs: a plan. Leaves: it in the journal. Again: the first one stays. Undo: nothing to undo.
    """
    return asdict(Planned("none", "none", ()))


@step("keep-base", timeout_seconds=120)
def keep_base(work: Work) -> Evidence:
    """Keep how the containers that will be replaced were started, whoever had started them.

    Needs: the containers of the plan. Leaves: a file with secrets that only the owner can read.
    Again: the first one stays. Undo: it goes with the seal.
    """
    env, plan = work.env, plan_of(work)
    _refuse_what_changed(work, plan)
    seals(env.settings).keep_before(work.deployment.id, env.base.keep(list(plan.before.values())))
    return {"containers": plan.before}


@step("recreate-base", timeout_seconds=1800, retry_delays=(2, 5))
def recreate_base(work: Work) -> Evidence:
    """Make the changed base services anew, and no other.

    Needs: what ran kept, its data saved, nobody served where they change. Leaves: started
    containers on the same volumes. Again: what is new stays. Undo: `put_base_back`.
    """
    plan, begun = plan_of(work), time.monotonic()
    work.check_fence()
    work.env.base.recreate(_seal(work).model, work.env.base_project, plan.before)
    return {"services": plan.services, "seconds": seconds_since(begun)}


@step("wait-for-base", timeout_seconds=7200, retry_delays=(1, 5))
def wait_for_base(work: Work) -> Evidence:
    """Wait until the new containers are healthy by their own checks.

    Needs: started containers. Leaves: nothing. Again: asks again, with the whole budget. Undo:
    nothing to undo.
    """
    plan, env = plan_of(work), work.env
    try:
        seconds = wait_for(
            env,
            env.base_project,
            set(plan.services),
            plan.start_seconds,
            while_waiting=work.check_fence,
        )
    except UnhealthyError as error:
        raise UnhealthyError(
            error.doing, error.came_back, "Correct the compose files, then start it again"
        ) from None
    get_run_logger().info("%s healthy after %.1f s", ", ".join(plan.services), seconds)
    return {"seconds": to_a_tenth(seconds)}


@step("put-base-back", timeout_seconds=1800, retry_delays=(2, 5, 15))
def put_base_back(work: Work) -> Evidence:
    """Have the base services run again as they did before, on the data that are there.

    Needs: what was kept. Leaves: healthy services. Again: changes nothing. Undo: start the change
    again.
    """
    env, plan = work.env, plan_of(work)
    if env.ledger.journal.get(work.key("recreate-base")) is None:
        return {"services": [], "why": "nothing was changed"}
    work.check_fence()
    env.base.put_back(seals(env.settings).before(work.deployment.id), work.key("put-base-back"))
    try:
        wait_for(
            env,
            env.base_project,
            set(plan.services),
            PUT_BACK_SECONDS,
            proved_before=True,
            while_waiting=work.check_fence,
        )
    except UnhealthyError as error:
        raise EngineError(error.doing, error.came_back, _to_do(work)) from None
    return {"services": plan.services}


def note_outage(work: Work) -> Work:
    """How long people waited, from the journal, so that it is known after a crash too: without the
    version where the doors were closed, else without the services."""
    journal, plan = work.env.ledger.journal, plan_of(work)
    begun = journal.get(work.key("close-doors" if plan.is_closed else "recreate-base"))
    ended = journal.get(work.key("shift-traffic" if plan.is_closed else "wait-for-base"))
    until = (ended.ended_at if ended else None) or datetime.now(UTC)
    seconds = to_a_tenth((until - begun.started_at).total_seconds()) if begun else 0.0
    changed = {"services": ", ".join(plan.services), "seconds": str(seconds)}
    return replace(
        work,
        deployment=work.env.ledger.deployments.amend(
            work.deployment.id, figures={"changed": changed}, fence=work.fence
        ),
    )


def forget_before(work: Work) -> None:
    """What ran before is needed no more, and holds secrets."""
    seals(work.env.settings).remove(work.deployment.id)


def _seal(work: Work) -> Seal:
    """What was planned. Raises ConfigError where it is gone."""
    seal = seals(work.env.settings).read(work.deployment.id)
    if seal is None:
        raise ConfigError(
            f"changing the base services of {work.title}",
            f"what it was planned with is gone from sealed/{work.deployment.id}, or damaged",
            "Start it again",
        )
    work.env.redactor.learn(seal.values, tuple(seal.stack.environments[work.env.name].secrets))
    replace(work.env, copies=None).learn(seal.model)
    return seal


def _refuse_what_changed(work: Work, plan: BasePlan) -> None:
    """What was planned is what is done: containers, images and mounted files are looked at once
    more before anybody is stopped. Raises InputError."""
    env, now = work.env, _files_now(work, plan)
    there = {one.id for one in env.host.containers({PROJECT_LABEL: env.base_project})}
    other = [
        *(f"the container of {name}" for name, one in plan.before.items() if one not in there),
        *(
            f"the image {one.new_image}"
            for one in plan.changes
            if one.image_id and env.images.id_of(one.new_image) != one.image_id
        ),
        *(f"the file {name}" for name, value in plan.files.items() if now.get(name) != value),
    ]
    if other:
        raise InputError(
            f"changing the base services of {work.title}",
            f"{', '.join(other)}: another one than when it was planned",
            "Nothing was changed. Start it again",
        )


def _files_now(work: Work, plan: BasePlan) -> Mapping[str, str]:
    """Fingerprints of the files that the changed services are given, as they are now."""
    seal, names = _seal(work), set(plan.services)
    written = written_places(seal.stack.state, seal.stack.folder, seal.values)
    found = files_of(seal.model, seal.stack.folder, names, written)
    texts = {f"files/{name}": content_hash(file) for name, file in found.items()}
    prints = fingerprint(texts, work.env.settings.fingerprint_key())
    return {name.removeprefix("files/"): value for name, value in prints.items()}


def _to_do(work: Work) -> str:
    saved = work.env.ledger.journal.get(work.key("save-present"))
    backup = saved.evidence["backup"] if saved and saved.is_done else None
    kept = f" The backup {backup} holds what was there before the change." if backup else ""
    return (
        f"No volume was removed.{kept} Correct what the log of {', '.join(plan_of(work).services)} "
        "names, and have it run; then release again"
    )
