"""What is wrong with the files of stacks, for who asks nobody: no Prefect server, no engine, no
edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tasks.frame import adapters
from tasks.frame.environments import open_files
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.builds import refuse_faulty_builds
from tasks.plan.compose_checks import privileges, refuse_faulty_compose
from tasks.plan.findings import Finding, faults, placed, shown
from tasks.plan.found_images import HOST_ONLY, is_on_host_only
from tasks.plan.image_risks import image_risks
from tasks.plan.missing_logins import refuse_missing_logins
from tasks.plan.missing_recipes import missing_recipes
from tasks.plan.release_risks import release_risks
from tasks.plan.schema_risks import schema_risks
from tasks.plan.shared_servers import refuse_shared_patterns
from tasks.plan.stand_in_values import missing_files, told, with_stand_ins
from tasks.plan.weak_passwords import weak_passwords
from tidegate.each import as_ours
from tidegate.edge.doors import WHAT_TO_DO, claims_of, doors_of_stacks, taken_doors
from tidegate.errors import TidegateError
from tidegate.plan.accepted import accepted
from tidegate.plan.host_claims import host_claims
from tidegate.secrecy.leaks import leaked
from tidegate.settings import Settings
from tidegate.stack.catalogue import STACK_FILE, Catalogue, every_stack
from tidegate.stack.file import Stack
from tidegate.stack.unset_keys import unset_keys


def look_over(settings: Settings, only: str | None = None) -> tuple[list[str], list[Finding]]:
    """The names of the environments that were looked at, and what was found, of one stack or of
    all. Raises StackFileError when there is no stack of that name; a faulty one is a finding."""
    stacks = every_stack(settings.stacks)
    faulty = [
        found
        for one in stacks.faulty
        if only in (None, one.name)
        for found in faults(one.name, None, one.error, [_stack_file(settings.stacks, one.name)])
    ]
    one_good = [stacks.find(only)] if only and not faulty else []
    places = [
        (stack, name)
        for stack in (one_good if only else stacks.good)
        for name in stack.environments
    ]
    taken: dict[tuple[str, str], str] = {}
    found = [
        one
        for stack, name in places
        for one in _of_environment(settings, stacks, stack, name, taken)
    ]
    return [f"{stack.name} {name}" for stack, name in places], [*faulty, *found]


def _of_environment(
    settings: Settings,
    stacks: Catalogue,
    stack: Stack,
    name: str,
    taken: dict[tuple[str, str], str],
) -> Iterator[Finding]:
    config = stack.environments[name]
    try:
        env = open_files(stack, name, settings)
        env_file = stack.folder / config.env_file
        yield from (
            found for fault in env.faults for found in faults(stack.name, name, fault, [env_file])
        )
        yield from _of_history(env, env_file)
        yield from _of_doors(stacks, stack, name)
        if lost := [*missing_files(env)]:
            yield from lost
        else:
            yield from _of_files(env, stacks, taken)
    except Exception as error:
        files = [stack.folder / file for file in config.compose_files]
        yield from faults(stack.name, name, as_ours(error, f"checking {stack.name} {name}"), files)


def _of_files(
    env: OpenEnvironment, stacks: Catalogue, taken: dict[tuple[str, str], str]
) -> Iterator[Finding]:
    """What the compose files say; with stand-ins for values that are missing, where they can be
    read so."""
    missing = sorted(adapters.missing_values(*env.reading()))
    yield from told(env, missing)
    read, is_whole = with_stand_ins(env, missing), not missing and not env.faults
    try:
        read.model()
    except TidegateError:
        if is_whole:
            raise
        return
    yield from _of_compose(read, stacks)
    yield from missing_recipes(read)
    yield from image_risks(read)
    yield from schema_risks(read)
    yield from release_risks(read)
    if is_whole:
        yield from _of_host(env, taken)
        yield from _of_logins(env)


def _of_history(env: OpenEnvironment, env_file: Path) -> Iterator[Finding]:
    """A value that git has once seen stays in every clone, whatever became of the file."""
    if adapters.is_in_git(env_file):
        yield Finding(
            "risk",
            env.stack.name,
            env.name,
            f"looking where {env_file.name} is kept",
            "git keeps it, and whatever secrets are in it",
            f"`git rm --cached {env_file.name}`, a line in .gitignore, and other secrets",
            shown(env_file),
        )
        return
    doing = "looking for secrets in the history of git"
    try:
        told = leaked(
            env.values, [*env.config.secrets], adapters.env_files_once_committed(env.stack.folder)
        )
    except TidegateError as error:
        yield Finding("risk", env.stack.name, env.name, error.doing, error.came_back, error.to_do)
        return
    for file, keys in told.items():
        yield Finding(
            "risk",
            env.stack.name,
            env.name,
            doing,
            f"{file} was committed once, with what {', '.join(keys)} "
            f"{'is' if len(keys) == 1 else 'are'} today",
            "Use other secrets: every clone has these",
            file,
        )


def _of_logins(env: OpenEnvironment) -> Iterator[Finding]:
    """A service that takes `env_file: .env` has one login, and the database made by this
    environment's values another."""
    services, env_file = env.model()["services"], env.config.env_file
    wanted = {
        key
        for spec in env.stack.databases
        for key in env.databases.login_keys(spec) - env.own_keys(spec)
    }
    keys = sorted(wanted & env.values.keys())
    for name in env.released:
        given = services.get(name, {}).get("environment") or {}
        if other := [key for key in keys if given.get(key) not in (None, env.values[key])]:
            yield Finding(
                "risk",
                env.stack.name,
                env.name,
                f"comparing what {name} is given with {env_file}",
                f"its container gets another {', '.join(other)} than {env_file} says",
                "Take it out of `env_file:` and `environment:`, "
                f"or write `env_file: !override [{env_file}]` in a compose "
                "file of this environment",
            )


def _of_doors(stacks: Catalogue, stack: Stack, name: str) -> Iterator[Finding]:
    wanted = claims_of(stack, name, stack.environments[name].shares_names_with)
    for door in taken_doors(wanted, doors_of_stacks(stacks.good)):
        doing = "looking whose its host names are"
        yield Finding("fault", stack.name, name, doing, str(door), WHAT_TO_DO)


def _of_host(env: OpenEnvironment, taken: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """What two environments would take of one host. `taken` is what those before have, by host."""
    names = (STACK_FILE, *env.config.compose_files)
    files = [env.stack.folder / file for file in names]
    place, doing = f"{env.stack.name} {env.name}", "looking what it takes of its host"
    for one in host_claims(env.model(), env.released, env.written, env.stack.state.volumes):
        other = taken.setdefault((env.config.host, one.what), place)
        if other != place:
            said = f"{one.where}: {one.what} is taken by {other} too, on the host"
            found = Finding(
                "fault",
                env.stack.name,
                env.name,
                doing,
                f"{said} {env.config.host!r}",
                f"{one.to_do}, or `host:` where {other} is elsewhere",
            )
            yield placed(found, files)


def _of_compose(env: OpenEnvironment, stacks: Catalogue) -> Iterator[Finding]:
    model, others = env.model(), {*stacks.places, *stacks.base_projects}
    files = [env.stack.folder / file for file in env.config.compose_files]
    given = privileges(env, model, others)
    checks: list[Callable[[], object]] = [
        partial(refuse_faulty_compose, env, model, given),
        partial(refuse_faulty_builds, env),
        partial(refuse_shared_patterns, env),
        partial(refuse_missing_logins, env),
    ]
    for refuse in checks:
        try:
            refuse()
        except TidegateError as fault:
            yield from faults(
                env.stack.name, env.name, fault, [env.stack.folder / STACK_FILE, *files]
            )
    for name in (
        one.name
        for one in env.stack.services
        if not one.is_built and is_on_host_only(env, one.name)
    ):
        yield placed(
            Finding(
                "risk",
                env.stack.name,
                env.name,
                f"looking where the image of {name} comes from",
                f"the compose files say `pull_policy: {HOST_ONLY}`: it is taken from "
                "the host, and looked up in no registry",
                "Take that out where a registry has it",
            ),
            files,
        )
    for danger in (one for one in given if one.reason):
        yield placed(
            Finding(
                "risk",
                env.stack.name,
                env.name,
                "checking what containers get of the host",
                danger.text,
                f"Allowed by stack.yaml: {danger.reason}",
            ),
            files,
        )
    yield from _of_accepted(env)
    yield from (placed(one, files) for one in weak_passwords(env))
    yield from (placed(one, files) for one in _of_keys(env))


def _of_keys(env: OpenEnvironment) -> Iterator[Finding]:
    for path, key in unset_keys(env.model()):
        service = path.split(".")[1]
        yield Finding(
            "risk",
            env.stack.name,
            env.name,
            "looking for keys that nobody gives a value",
            f"{path}: it has no value, so {service} is not given it",
            f"Give {key} a value in {env.config.env_file}, or take it out of the compose file",
        )


def _of_accepted(env: OpenEnvironment) -> Iterator[Finding]:
    for one in accepted(env.stack, env.written, env.weak_passwords):
        yield Finding(
            "risk",
            env.stack.name,
            env.name,
            f"reading what stack.yaml accepts ({one.what})",
            one.name,
            f"Accepted by stack.yaml: {one.reason}",
        )


def _stack_file(stacks: Path, name: str) -> Path:
    return (
        stacks / name / STACK_FILE if (stacks / name / STACK_FILE).exists() else stacks / STACK_FILE
    )
