"""What runs by hand: looked for, compared with the compose files, shown, and written down as the
first deployment."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import NamedTuple

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.data.by_hand import known_projects
from tasks.frame.deployments import refuse_ended
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import keep_configuration
from tasks.frame.outside import highest_number
from tasks.frame.pages import publish_page
from tasks.frame.planned import Planned
from tasks.frame.step import Evidence, is_retryable, step, without_secrets
from tasks.frame.work import Work, seals
from tidegate.errors import InputError, OccupiedError, StackFileError, VersionError
from tidegate.facts import ComposeModel
from tidegate.ledger.adoptions import NOTE
from tidegate.ledger.tables import Deployment
from tidegate.pages.adoption import found_lines, found_page, found_title
from tidegate.plan.adoption import Found, found_of, hindrances, likely_projects
from tidegate.plan.claims import claims
from tidegate.versions import Commit, Version, short_id


class Seen(NamedTuple):
    """What was found, and what the image of the service behind the edge says of itself."""

    found: Found
    version: Version


@task(
    task_run_name="look what runs of {env.base_project}",
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=is_retryable,
    timeout_seconds=300,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def find_by_hand(env: OpenEnvironment) -> Seen:
    """Find the containers, volumes, networks and ports of the application that runs, and refuse
    what would lose something.

    Needs: the compose files, the engine. Leaves: a page of the run. Again: looks again. Undo:
    nothing to undo.
    """
    with without_secrets(env.redactor):
        model = env.model()
        found = _found(env, model)
        publish_page(
            env,
            "found",
            found_page(env.stack, env.name, found, env.edge.public_url),
            found_title(env.stack, env.name),
        )
        for line in found_lines(env.stack, env.name, found):
            get_run_logger().info(line)
        _refuse_hindered(env, model, found)
        return Seen(found, _version(env, found))


def taken_already(env: OpenEnvironment) -> Deployment | None:
    """The takeover that is there. Raises StackFileError where something else serves: then nothing
    is left to take over. What the edge leads nobody to was given back, and may be taken over
    again."""
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    if serving is None or env.edge.route(env.stack.name, env.name) is None:
        return None
    if serving.kind == "adoption":
        return serving
    raise StackFileError(
        f"taking over {env.stack.name} {env.name}",
        f"#{serving.number} {serving.version} serves already",
        "Release to it as usual; `tidegate status` shows what runs",
    )


def open_adoption(env: OpenEnvironment, seen: Seen, requested_by: str) -> Work:
    """The deployment by which this run takes over what it found, with all that is needed to come
    back to it."""
    found, version = seen
    release = env.ledger.releases.record(
        stack=env.stack.name,
        version=version.name,
        commit=version.id,
        images=found.pins,
        config_hash=env.configuration.hash,
    )
    deployment = env.ledger.deployments.open(
        key=f"adopt/{flow_run.get_id()}/{env.name}",
        release_id=release.id,
        environment=env.name,
        above=highest_number(env),
        kind="adoption",
        requested_by=requested_by or "unnamed",
        run_id=str(flow_run.get_id()),
        reason=f"took over what ran by hand in the compose project {found.project}",
    )
    work = Work(env=env, deployment=deployment, version=version, pins=found.pins)
    refuse_ended(work)
    note_takeover(work)
    note_found(work, found)
    keep_configuration(work)
    return replace(
        work, env=replace(env, read=env.model(), copies=seals(env.settings).files_of(deployment.id))
    )


@step("plan", timeout_seconds=30)
def note_takeover(work: Work) -> Evidence:
    """Say that a takeover changes no data, for whoever reads what was planned.

    Needs: nothing. Leaves: it in the journal. Again: the same. Undo: nothing to undo.
    """
    return asdict(Planned("none", "none", ()))


@step(NOTE, timeout_seconds=30)
def note_found(work: Work, found: Found) -> Evidence:
    """Keep which containers serve: the way back starts the same ones.

    Needs: what was found. Leaves: it in the journal. Again: the first one stays. Undo: nothing to
    undo.
    """
    containers = [
        {
            "id": one.id,
            "name": one.name,
            "service": one.service,
            "image": one.pin,
            "ended": one in found.ended,
            "ports": [str(port) for port in one.ports],
        }
        for one in (*found.taken, *found.ended)
    ]
    kept = [
        {"id": one.id, "name": one.name, "service": one.service, "started": one.started_at}
        for one in found.kept
    ]
    return {
        "project": found.project,
        "containers": containers,
        "kept": kept,
        "volumes": sorted(found.volumes),
        "networks": found.networks,
    }


def _found(env: OpenEnvironment, model: ComposeModel) -> Found:
    there = env.by_hand.containers_of(env.base_project)
    if not any(one.service in env.released for one in there):
        raise _not_found(env, model)
    return found_of(
        env.base_project,
        there,
        env.released,
        env.jobs,
        model,
        env.by_hand.volume_sizes(),
    )


def _not_found(env: OpenEnvironment, model: ComposeModel) -> InputError:
    """With the projects that look like it: a person says which one it is, in the stack file."""
    doing = f"looking for the containers of {env.stack.name} {env.name} that run by hand"
    files = [str((env.stack.folder / file).resolve()) for file in env.config.compose_files]
    likely = likely_projects(
        model, files, env.occupancy.occupants(), known_projects(env) - {env.base_project}
    )
    if not likely:
        return InputError(
            doing,
            f"the compose project {env.base_project} has none of {', '.join(env.released)}, "
            "and no other project looks like it",
            "`docker compose ls` shows the projects: write the one that is meant as "
            f"`base_project` under environments.{env.name} of stack.yaml. "
            "What plain `docker run` started must be started by compose first",
        )
    shown = "; ".join(f"{project} ({', '.join(names)})" for project, names in likely.items())
    return InputError(
        doing,
        f"the compose project {env.base_project} has none. This looks like it: {shown}",
        f"Write `base_project: {next(iter(likely))}` under environments.{env.name} "
        "of stack.yaml, if that is it, and start it again",
    )


def _refuse_hindered(env: OpenEnvironment, model: ComposeModel, found: Found) -> None:
    there = {one.service for one in found.every} & model["services"].keys()
    said = claims(
        model, there, env.base_project, env.occupancy.volume_places(), env.occupancy.look_at
    )
    if why := hindrances(found, env.released, said):
        raise OccupiedError(
            f"looking whether {env.stack.name} {env.name} can be taken over",
            "; ".join(why),
            "Nothing was changed. Let the compose files of the stack say what runs, "
            "or start what is missing as before, then start it again",
        )


def _version(env: OpenEnvironment, found: Found) -> Version:
    """With its commit only where the repository knows it."""
    name, sha = found.version(env.routed[0].service.name)
    commit = (
        Commit(sha=sha, subject="", author="", at=datetime.now(UTC))
        if sha and _is_known(env, sha)
        else None
    )
    return Version(name, commit, {} if commit else found.pins)


def _is_known(env: OpenEnvironment, sha: str) -> bool:
    try:
        return env.source is not None and env.source.between(sha, sha) == []
    except VersionError as error:
        get_run_logger().info("the commit %s of what runs is not known: %s", short_id(sha), error)
        return False
