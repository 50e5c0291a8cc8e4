"""The base project of an environment: databases and caches, which live once and are never recreated
by a release."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from prefect import get_run_logger

from tasks.data.by_hand import refuse_by_hand
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.slots.health import wait_for
from tasks.slots.state import slot_state
from tidegate.errors import DatabaseError, OccupiedError, StackFileError
from tidegate.facts import ONE_SHOT_LABEL, PROJECT_LABEL, ComposeModel
from tidegate.ledger.adoptions import adopted
from tidegate.plan.claims import SEPARATE_LABEL, claims, only_new_volumes
from tidegate.plan.occupancy import BASE_LABEL, conflicts, shared_places, way_out
from tidegate.plan.sealed_files import files_of
from tidegate.stack.base_builds import with_images
from tidegate.stack.catalogue import every_stack
from tidegate.stack.one_shots import one_shots, work_of
from tidegate.stack.recipes import base_sections
from tidegate.stack.slot import base_services, declared_volumes, used_volumes

START_SECONDS = 300


@step("start-base-services", timeout_seconds=START_SECONDS + 60, retry_delays=(2, 5))
def start_base_services(work: Work) -> Evidence:
    """Have the stack's stateful services running.

    Needs: the compose files. Leaves: healthy services, one-shot services that ended well, and the
    volumes that only released services use. Again: changes nothing; one that was stopped is an
    error, not started behind somebody's back. Undo: they stay.
    """
    built = work.env.ledger.journal.get(work.key("build-base-images"))
    return {"started": start_base(work.env, built.evidence["images"] if built else {})}


def start_base(env: OpenEnvironment, images: Mapping[str, str] = {}) -> list[str]:
    """The names of what was started: services for the first time, one-shot services whose work was
    to be done. `images` are those that were built for them."""
    model = env.model()
    services = refuse_stopped(env, model)
    missing = missing_services(env, model)
    refuse_missing_volumes(env, model)
    refuse_open_networks(env, model)
    refuse_by_hand(env, model)
    refuse_occupied(env, model, missing)
    refuse_shared(env)
    env.compose.make_volumes(model, env.base_project, _own_volumes(env, model))
    env.compose.make_folders([one.path for one in env.written])
    if missing:
        get_run_logger().info("start of %s", ", ".join(missing))
        named = with_images(model, {**running_images(env, model), **images})
        env.compose.up_base(named, env.base_project, missing, jobs_of(env, model))
    env.compose.make_networks(model, env.base_project, shared_networks(env))
    wait_for(
        env,
        env.base_project,
        services - done_by_hand(env, model),
        START_SECONDS,
        proved_before=True,
    )
    return missing


def running_images(env: OpenEnvironment, model: ComposeModel) -> dict[str, str]:
    """Base service that is built here -> id of the image that its container has, whoever built
    it."""
    built = base_sections(model, env.stack)
    there = slot_state(env, env.base_project) if built else ()
    return {one.service: one.image_id for one in there if one.service in built}


def missing_services(env: OpenEnvironment, model: ComposeModel) -> list[str]:
    """Base services that have never been started in this environment, and one-shot services whose
    work is to be done: they failed, or do something else now."""
    jobs, there = jobs_of(env, model), slot_state(env, env.base_project)
    done = {
        one.service
        for one in there
        if one.service not in jobs
        or (one.labels.get(ONE_SHOT_LABEL) == jobs[one.service] and not one.has_failed)
    }
    return sorted(_base_services(env, model) - done - done_by_hand(env, model))


def done_by_hand(env: OpenEnvironment, model: ComposeModel) -> set[str]:
    """One-shot services whose work was done before Tidegate came: a seed is not run on the data
    once more."""
    if not adopted(env.ledger, env.stack.name, env.name):
        return set()
    return {
        one.service
        for one in slot_state(env, env.base_project)
        if one.service in jobs_of(env, model)
        and BASE_LABEL not in one.labels
        and one.state == "exited"
        and one.exit_code == 0
    }


def jobs_of(env: OpenEnvironment, model: ComposeModel) -> dict[str, str]:
    """The one-shot services of the base, each with a fingerprint of what it does."""
    servers = [
        *env.released,
        *(name for database in env.stack.databases if (name := database.service)),
    ]
    return {
        name: work_of(model, name, _contents_of(env, model, name))
        for name in one_shots(model, servers) & _base_services(env, model)
    }


def _contents_of(env: OpenEnvironment, model: ComposeModel, name: str) -> dict[str, str]:
    """Of the files of the team's folder that are mounted into one service."""
    alone = {"services": {name: model["services"][name]}}
    files = files_of(alone, env.stack.folder, [name], env.written)
    return {file: env.contents[file] for file in files if file in env.contents}


def refuse_occupied(env: OpenEnvironment, model: ComposeModel, services: Collection[str]) -> None:
    """Ask the host who has what `services` would take, and whose data lie where a released service
    would get an empty volume.

    Raises OccupiedError with every name.
    """
    places = env.occupancy.volume_places()
    joined = only_new_volumes(model, env.released, env.base_project, places)
    if not services and not joined["services"]:
        return
    stacks = every_stack(env.settings.stacks)
    known = {*stacks.places, *stacks.base_projects}
    wanted = [
        *claims(model, services, env.base_project, places, env.occupancy.look_at),
        *claims(joined, joined["services"], env.base_project, places, env.occupancy.look_at),
    ]
    if found := conflicts(
        wanted,
        env.occupancy.occupants(),
        env.base_project,
        known,
        lambda one: env.occupancy.database_names(one.id),
        slots=f"{env.stack.name}-{env.name}",
    ):
        raise OccupiedError(
            f"looking who has what the base services of {env.stack.name} {env.name} need",
            "; ".join(one.text for one in found),
            way_out(found, f"tidegate adopt {env.stack.name} {env.name}", SEPARATE_LABEL),
        )


def refuse_shared(env: OpenEnvironment) -> None:
    """Raises OccupiedError where another environment's containers have a place that containers of
    this one write into."""
    named = {one.named: env.occupancy.look_at(one.path).real for one in env.written}
    if found := shared_places(
        named,
        env.occupancy.occupants() if named else (),
        env.base_project,
        slots=f"{env.stack.name}-{env.name}",
    ):
        raise OccupiedError(
            f"looking who else writes what {env.stack.name} {env.name} writes",
            "; ".join(found),
            "Nothing was started. Give each environment a place of its own: write `${NAME}` "
            "in the compose file and under `state` in stack.yaml, and a value into each env file",
        )


def refuse_missing_volumes(env: OpenEnvironment, model: ComposeModel) -> None:
    """Raises StackFileError where a released service mounts a volume that the compose files take
    for made, and is not."""
    used = declared_volumes(model, env.base_project, used_volumes(model, env.released)).values()
    missing = {
        str(one["name"]) for one in used if one.get("external")
    } - env.occupancy.volume_places().keys()
    if missing:
        raise StackFileError(
            f"looking for the volumes of {env.stack.name} {env.name}",
            f"the compose files say `external: true`, and there is no {', '.join(sorted(missing))}",
            "Correct the name, or make it: `docker volume create NAME`. Nothing was started",
        )


def refuse_open_networks(env: OpenEnvironment, model: ComposeModel) -> None:
    """Raises StackFileError where a network that the compose files close leads out: it was made
    otherwise, and stays as it is while containers are on it."""
    closed = {
        str(network.get("name") or f"{env.base_project}_{key}")
        for key, network in (model.get("networks") or {}).items()
        if network.get("internal") and not network.get("external")
    }
    if closed and (found := closed & env.measures.open_networks()):
        raise StackFileError(
            f"looking at the networks of {env.stack.name} {env.name}",
            f"the compose files say `internal: true`, and what is there leads out: "
            f"{', '.join(sorted(found))}",
            "Nothing was started. Give it another key and name in the compose files: it is made "
            "anew, and closed. Where base services are on it, let the released services have both "
            "until `tidegate base` has changed those",
        )


def refuse_stopped(env: OpenEnvironment, model: ComposeModel) -> set[str]:
    """The names of all base services. Raises DatabaseError for one that is there and does not run,
    unless it is to end."""
    services = _base_services(env, model)
    for container in slot_state(env, env.base_project):
        if (
            container.service in services - jobs_of(env, model).keys()
            and container.state != "running"
        ):
            raise DatabaseError(
                f"looking at {container.name}",
                f"it is {container.state}, so the data cannot be reached",
                f"Find out why, then start it: docker start {container.name}",
            )
    return services


def base_containers(env: OpenEnvironment) -> dict[str, str]:
    """Service -> name of its container in the base project: a name says more than an id where it
    stands in an error."""
    return {
        container.service: container.name
        for container in env.host.containers({PROJECT_LABEL: env.base_project})
    }


def shared_networks(env: OpenEnvironment) -> tuple[str, ...]:
    """Names of the networks on which the released services meet the base services."""
    model = env.model()
    keys = {
        key
        for service in env.stack.services
        for key in model["services"][service.name].get("networks") or {}
    }
    return tuple(
        sorted(model["networks"][key].get("name") or f"{env.base_project}_{key}" for key in keys)
    )


def _own_volumes(env: OpenEnvironment, model: ComposeModel) -> set[str]:
    """Keys of the volumes that only released services use: compose makes those of the base services
    with them."""
    return set(used_volumes(model, env.released)) - set(
        used_volumes(model, _base_services(env, model))
    )


def _base_services(env: OpenEnvironment, model: ComposeModel) -> set[str]:
    return set(base_services(model, [service.name for service in env.stack.services]))
