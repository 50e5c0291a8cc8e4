"""Which base services wait for `tidegate base`, for who asks neither Prefect nor the engine: their
containers are known already, and all else is read from the disk."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tasks.data.base import jobs_of
from tasks.frame.environments import made_up, open_files, root_of
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import seals
from tasks.plan.base_builds import built_otherwise, version_of_base
from tasks.plan.base_files import changed_files
from tidegate.errors import TidegateError
from tidegate.facts import ContainerFacts
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment
from tidegate.plan.base_changes import CONFIG_HASH_LABEL, BasePlan
from tidegate.settings import Settings
from tidegate.stack.file import Stack
from tidegate.stack.recipes import base_sections


@dataclass(frozen=True)
class WaitingBase:
    """Names of base services."""

    waiting: tuple[str, ...] = ()
    """Their containers are not as the compose files, the env file and the mounted files say now."""
    unknown: tuple[str, ...] = ()
    """Nobody can say it here: a plan of `tidegate base` asks for more."""
    why: str = ""


def waiting_base(
    settings: Settings, stack: Stack, serving: Deployment, there: Sequence[ContainerFacts]
) -> WaitingBase:
    """Of the containers of the base project, which are `there`.

    A secret block is not asked for: it holds what it held when the version that serves was planned.
    An image that its registry has moved to another tag is not seen.
    """
    made = [one for one in there if CONFIG_HASH_LABEL in one.labels]
    if not made:
        return WaitingBase()
    try:
        return _compared(settings, stack, serving, made)
    except TidegateError as error:
        names = tuple(sorted({one.service for one in made}))
        return WaitingBase(unknown=names, why=f"{error.doing}: {error.came_back}")


def _compared(
    settings: Settings, stack: Stack, serving: Deployment, made: Sequence[ContainerFacts]
) -> WaitingBase:
    planned = _secrets_as_planned(settings, serving)
    env = open_files(
        stack,
        serving.environment,
        settings,
        lambda block: planned.get(block) or made_up(block),
    )
    differing = _differing(env, made)
    blocks = env.config.secrets
    doubted = _changed_since(env, serving) if planned.keys() >= {*blocks.values()} else differing
    unknown = differing & doubted & _given(env, [env.values[key] for key in blocks])
    return WaitingBase(
        tuple(sorted(differing - unknown)),
        tuple(sorted(unknown)),
        "only Prefect knows the secret that they were started with" if unknown else "",
    )


def _differing(env: OpenEnvironment, made: Sequence[ContainerFacts]) -> set[str]:
    model = env.model()
    servers = model["services"].keys() - set(env.released) - jobs_of(env, model).keys()
    there = [one for one in made if one.service in servers]
    built = base_sections(model, env.stack)
    images = {one.service: one.image_id for one in there if one.service in built}
    hashes = env.base.hashes(model, env.base_project, images) if there else {}
    rebuilt = built_otherwise(env, {one.service: one.labels for one in there}, version_of_base(env))
    return rebuilt | {
        one.service
        for one in there
        if one.labels[CONFIG_HASH_LABEL] not in hashes[one.service]
        or changed_files(env, one.service)
    }


def _secrets_as_planned(settings: Settings, serving: Deployment) -> Mapping[str, str]:
    """Secret block -> value; nothing where what was planned is not kept."""
    release = root_of(Ledger(settings.database_url), serving)
    seal = seals(settings).read(release.id)
    if seal is None:
        return {}
    planned = seal.stack.environments[serving.environment].secrets
    return {block: seal.values[key] for key, block in planned.items() if key in seal.values}


def _changed_since(env: OpenEnvironment, serving: Deployment) -> set[str]:
    """What `tidegate base` has made anew since that version was planned: with the secrets of that
    later moment, which nobody has kept."""
    planned = root_of(env.ledger, serving).number
    return {
        service
        for one in env.ledger.deployments.history(env.stack.name, env.name)
        if one.kind == "base" and one.was_good and one.number > planned
        for service in BasePlan.of(one.figures["base"]).services
    }


def _given(env: OpenEnvironment, values: Collection[str]) -> set[str]:
    """The services whose definition holds one of these values."""
    written = [json.dumps(value)[1:-1] for value in values]
    texts = {name: json.dumps(service) for name, service in env.model()["services"].items()}
    return {name for name, text in texts.items() if any(one in text for one in written)}
