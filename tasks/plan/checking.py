"""What is wrong with the files of stacks, for who asks nobody: no Prefect server, no engine, no edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tasks.frame import adapters
from tasks.frame.environments import open_files
from tasks.frame.work import OpenEnvironment
from tasks.plan.builds import refuse_faulty_builds
from tasks.plan.found_images import HOST_ONLY, is_on_host_only
from tasks.plan.preflight import privileges, refuse_faulty_compose
from tidegate.each import as_ours
from tidegate.edge.doors import doors_of_stacks, taken_doors
from tidegate.errors import TidegateError
from tidegate.plan.accepted import accepted
from tidegate.settings import Settings
from tidegate.stack.catalogue import Catalogue, every_stack
from tidegate.stack.file import Stack


@dataclass(frozen=True)
class Finding:
    """One thing that a person should know of the files. A fault stops a release; a risk is allowed, and stands on its plan."""

    kind: Literal["fault", "risk"]
    stack: str
    environment: str | None
    doing: str
    came_back: str
    to_do: str


def look_over(settings: Settings, only: str | None = None) -> tuple[list[str], list[Finding]]:
    """The names of the environments that were looked at, and what was found, of one stack or of all. Raises StackFileError
    when there is no stack of that name; a faulty one is a finding."""
    stacks = every_stack(settings.stacks)
    faulty = [_fault(one.name, None, one.error) for one in stacks.faulty if only in (None, one.name)]
    one_good = [stacks.find(only)] if only and not faulty else []
    places = [(stack, name) for stack in (one_good if only else stacks.good) for name in stack.environments]
    found = [one for stack, name in places for one in _of_environment(settings, stacks, stack, name)]
    return [f"{stack.name} {name}" for stack, name in places], [*faulty, *found]


def _of_environment(settings: Settings, stacks: Catalogue, stack: Stack, name: str) -> Iterator[Finding]:
    try:
        env = open_files(stack, name, settings)
        yield from (_fault(stack.name, name, fault) for fault in env.faults)
        if adapters.is_in_git(env_file := stack.folder / env.config.env_file):
            yield Finding("risk", stack.name, name, f"looking where {env_file.name} is kept",
                          "git keeps it, and whatever secrets are in it",
                          f"`git rm --cached {env_file.name}`, a line in .gitignore, and other secrets")
        yield from _of_doors(stacks, stack, name)
        if not env.faults:   # without its values a compose file cannot be read
            yield from _of_compose(env, stacks)
    except Exception as error:
        yield _fault(stack.name, name, as_ours(error, f"checking {stack.name} {name}"))


def _of_doors(stacks: Catalogue, stack: Stack, name: str) -> Iterator[Finding]:
    doors = doors_of_stacks(stacks.good)
    for door in taken_doors(stack.name, name, stack.environments[name].hosts, doors):
        yield Finding("fault", stack.name, name, "looking whose its host names are", str(door),
                      "Choose another host name, or take it out of the other stack")


def _of_compose(env: OpenEnvironment, stacks: Catalogue) -> Iterator[Finding]:
    model, others = env.model(), stacks.places.keys()
    given = privileges(env, model, others)
    checks: list[Callable[[], None]] = [partial(refuse_faulty_compose, env, model, given), partial(refuse_faulty_builds, env)]
    for refuse in checks:
        try:
            refuse()
        except TidegateError as fault:
            yield _fault(env.stack.name, env.name, fault)
    for name in (one.name for one in env.stack.services if not one.is_built and is_on_host_only(env, one.name)):
        yield Finding("risk", env.stack.name, env.name, f"looking where the image of {name} comes from",
                      f"the compose files say `pull_policy: {HOST_ONLY}`: it is taken from the host, and looked up in no "
                      "registry", "Take that out where a registry has it")
    for danger in (one for one in given if one.reason):
        yield Finding("risk", env.stack.name, env.name, "checking what containers get of the host", danger.text,
                      f"Allowed by stack.yaml: {danger.reason}")
    yield from _of_accepted(env)


def _of_accepted(env: OpenEnvironment) -> Iterator[Finding]:
    for one in accepted(env.stack, env.written, env.weak_passwords):
        yield Finding("risk", env.stack.name, env.name, f"reading what stack.yaml accepts ({one.what})", one.name,
                      f"Accepted by stack.yaml: {one.reason}")


def _fault(stack: str, environment: str | None, error: TidegateError) -> Finding:
    return Finding("fault", stack, environment, error.doing, error.came_back, error.to_do)
