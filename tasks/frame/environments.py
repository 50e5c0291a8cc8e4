"""Environments, opened: from the stack file, the env file and the secrets, or from what a
deployment was planned with."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from prefect import get_run_logger

from tasks.frame import adapters
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.reading import Read, environment_of, read_folder, redactor_of, values_now
from tasks.frame.work import seals
from tidegate.errors import TidegateError
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment
from tidegate.ports import Ports
from tidegate.secrecy.redaction import learn
from tidegate.settings import Settings
from tidegate.stack.catalogue import find_stack
from tidegate.stack.file import Stack, stack_now


@dataclass(frozen=True)
class OpenStack:
    """A stack and the ledger, for what needs no host."""

    stack: Stack
    ledger: Ledger


def open_stack(stack: str, settings: Settings | None = None) -> OpenStack:
    settings = settings or Settings()
    return OpenStack(find_stack(settings.stacks, stack), Ledger(settings.database_url))


def open_environment(
    stack: str | Stack, environment: str, settings: Settings | None = None
) -> OpenEnvironment:
    """One environment as its folder says now; its compose files are read once, when first needed.
    Raises InputError before anything is touched.

    What a way back can do without, such as a notifier or a value, stops nothing here: whatever
    needs it refuses then.
    """
    settings = settings or Settings()
    found = stack if isinstance(stack, Stack) else find_stack(settings.stacks, stack)
    config = environment_of(found, environment)
    read = read_folder(found, environment, config, adapters.secret)
    return _opened(settings, found, environment, read)


def made_up(block: str) -> str:
    """Stands for what a secret block holds."""
    return secrets.token_urlsafe()


def open_files(
    stack: Stack, environment: str, settings: Settings, secret: Callable[[str], str] = made_up
) -> OpenEnvironment:
    """One environment as its folder says now, for who asks nobody. `secret` says what a secret
    block of Prefect's holds."""
    config = environment_of(stack, environment)
    read = read_folder(stack, environment, config, secret)
    ports = adapters.ports_of_files(settings, stack, environment, read.redactor.redact)
    return _opened(settings, stack, environment, read, ports)


def open_sealed(
    deployment: Deployment, settings: Settings | None = None, now: Stack | None = None
) -> OpenEnvironment:
    """The environment as a deployment was planned, whatever its folder says now; as its folder says
    where nothing was kept.

    A rollback and a restore have the configuration of the release that they put back, and the
    logins that are valid now.
    """
    return open_exactly(deployment, settings, now).with_logins_of_now()


def open_exactly(
    deployment: Deployment, settings: Settings | None = None, now: Stack | None = None
) -> OpenEnvironment:
    """The same, with the logins that were planned too: for a release that goes on. `now` is its
    stack file, just read."""
    settings = settings or Settings()
    name = deployment.environment
    release = root_of(Ledger(settings.database_url), deployment)
    seal = seals(settings).read(release.id)
    if seal is None:
        return _without_seal(open_environment(now or deployment.stack, name, settings), release)
    now = now or stack_now(seal.stack)
    texts = [json.dumps(seal.model, indent=1).replace(",\n", "\n")]
    redactor = redactor_of(seal.stack, environment_of(seal.stack, name), seal.values, texts)
    # who is told is what it says now
    told = seal.stack.model_copy(update={"notify": now.notify, "escalate": now.escalate})
    read = Read(
        seal.values, redactor, seal.model, seal.files, now=values_now(seal.stack, now, name)
    )
    return _opened(settings, told, name, read)


def as_planned(env: OpenEnvironment, deployment: Deployment) -> OpenEnvironment:
    """`env` as another deployment in it was planned, with the logins that are valid now; `env`
    itself where that is not kept. Asks nobody but the disk."""
    return exactly_as_planned(env, deployment).with_logins_of_now()


def exactly_as_planned(env: OpenEnvironment, deployment: Deployment) -> OpenEnvironment:
    """The same, with the logins that were planned too: for a release that goes on."""
    name, folder = env.name, seals(env.settings)
    release = root_of(env.ledger, deployment)
    if env.copies == folder.files_of(release.id):
        return env
    if (seal := folder.read(release.id)) is None:
        return _without_seal(
            _as_the_folder_says(env) if was_kept(env.ledger, release) else env, release
        )
    if environment_of(seal.stack, name).host != env.config.host:
        return open_exactly(deployment, env.settings)
    env.redactor.learn(seal.values, tuple(seal.stack.environments[name].secrets))
    stack = seal.stack.model_copy(
        update={"notify": env.stack.notify, "escalate": env.stack.escalate}
    )
    planned = replace(
        env,
        stack=stack,
        config=stack.environments[name],
        values=seal.values,
        faults=(),
        read=seal.model,
        copies=seal.files,
        lost=False,
    )
    planned.learn(seal.model)
    return planned


def was_kept(ledger: Ledger, release: Deployment) -> bool:
    """Whether its configuration was kept when it was opened; 0.1 kept none."""
    row = ledger.journal.get(
        ledger.journal.key(release.environment, release.stack, release.number, "keep-configuration")
    )
    return row is not None and row.is_done


def _without_seal(env: OpenEnvironment, release: Deployment) -> OpenEnvironment:
    """`env`, which stands for what `release` was planned with. Where that was kept and is gone, the
    log and messages say so."""
    lost = was_kept(env.ledger, release)
    if lost:
        get_run_logger().warning(
            "what %s %s #%d was planned with is gone from sealed/%s: its folder as "
            "it is now stands for it",
            release.stack,
            release.environment,
            release.number,
            release.id,
        )
    return env if env.lost == lost else replace(env, lost=lost)


def _as_the_folder_says(env: OpenEnvironment) -> OpenEnvironment:
    """The folder as it is now; `env` where it cannot be read, because a way back is never
    blocked."""
    try:
        return open_environment(env.stack.name, env.name, env.settings)
    except TidegateError:
        return env


def open_serving(
    stack: str | Stack, environment: str, settings: Settings | None = None
) -> OpenEnvironment:
    """The environment as that was planned which serves there; as its folder says where nothing
    does.

    Of a `Stack` that was just read no file is read again.
    """
    settings = settings or Settings()
    current = Ledger(settings.database_url).deployments.current
    if isinstance(stack, Stack):
        serving = current(stack.name, environment)
        return (
            open_sealed(serving, settings, now=stack)
            if serving
            else open_environment(stack, environment, settings)
        )
    serving = current(stack, environment) or current(
        find_stack(settings.stacks, stack).name, environment
    )
    return (
        open_sealed(serving, settings)
        if serving
        else open_environment(stack, environment, settings)
    )


def root_of(ledger: Ledger, deployment: Deployment) -> Deployment:
    """The release that a deployment puts into its environment, the first time it was put there."""
    while deployment.origin_id:
        deployment = ledger.deployments.get(deployment.origin_id)
    return deployment


def _opened(
    settings: Settings, stack: Stack, environment: str, read: Read, ports: Ports | None = None
) -> OpenEnvironment:
    config, redactor = environment_of(stack, environment), read.redactor
    ports = ports or adapters.ports_of(settings, stack, environment, config, redactor.redact)
    learn({"TIDEGATE_LEDGER_URL": settings.database_url})
    env = OpenEnvironment(
        **vars(ports),
        settings=settings,
        stack=stack,
        name=environment,
        config=config,
        ledger=Ledger(settings.database_url),
        values=read.values,
        redactor=redactor,
        faults=read.faults,
        read=read.model,
        copies=read.copies,
        now=read.now,
    )
    if read.model is not None:
        env.learn(read.model)
    return env
