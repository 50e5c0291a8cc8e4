"""What an environment's folder, and its secret blocks in Prefect, say now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tasks.frame import adapters
from tidegate.each import each
from tidegate.errors import ConfigError, StackFileError
from tidegate.facts import ComposeModel
from tidegate.secrecy.known_names import known_names
from tidegate.secrecy.redaction import Redactor, remember
from tidegate.secrecy.safe_logs import guard_logs
from tidegate.stack.envfile import (
    DEFAULT_PASSWORD,
    check_env,
    read_env_as_far,
    said_twice,
    to_accept,
)
from tidegate.stack.environments import Environment
from tidegate.stack.file import Stack


class Read(NamedTuple):
    """What was read of an environment, from its folder or from a seal."""

    values: Mapping[str, str]
    redactor: Redactor
    model: ComposeModel | None = None
    copies: Path | None = None
    faults: tuple[ConfigError, ...] = ()
    now: Mapping[str, str] = {}


def read_folder(
    stack: Stack, environment: str, config: Environment, secret: Callable[[str], str]
) -> Read:
    """All that the folder says, with what is wrong among its `faults`. `secret` loads a secret
    block."""
    values, faults = _values(stack, environment, config, secret)
    files = [stack.folder / file for file in config.compose_files]
    texts = (file.read_text(errors="replace") for file in files if file.is_file())
    return Read(
        values,
        redactor_of(stack, config, values, texts),
        faults=faults,
        now={} if faults else values,
    )


def redactor_of(
    stack: Stack, config: Environment, values: Mapping[str, str], compose_files: Iterable[str]
) -> Redactor:
    """Hides this environment's secrets; what is of no one environment, such as errors and logs,
    hides them from now on."""
    names = known_names(stack, config, values, list(compose_files))
    redactor = Redactor(values, tuple(config.secrets), names)
    remember(redactor)
    guard_logs()
    return redactor


def environment_of(stack: Stack, name: str) -> Environment:
    if name not in stack.environments:
        raise StackFileError(
            f"opening {stack.name} {name}",
            f"it has only {', '.join(stack.environments)}",
            "Choose one of them, or add the environment to stack.yaml",
        )
    return stack.environments[name]


def _values(
    stack: Stack, name: str, config: Environment, secret: Callable[[str], str]
) -> tuple[dict[str, str], tuple[ConfigError, ...]]:
    """The env file with its secrets from Prefect blocks, as far as they are there, and everything
    that is wrong with them."""
    blocks = each(config.secrets, secret, "loading the secret block")
    read, fault = read_env_as_far(stack.folder / config.env_file, blocks.good)
    values = {**read, **blocks.good}
    missing = [
        ConfigError(
            f"loading the secret block for {one.name}", one.error.came_back, one.error.to_do
        )
        for one in blocks.faulty
    ]
    if fault or missing:
        return values, tuple(filter(None, (fault, *missing)))
    found = said_twice(read, config.secrets) + check_env(
        values, config.required_keys, config.kind, tuple(config.secrets), stack.accepted_passwords
    )
    if not found:
        return values, ()
    doing = f"reading {stack.name}/{config.env_file}"
    return values, tuple(ConfigError(doing, one, _to_correct(one)) for one in found)


def _to_correct(fault: str) -> str:
    """A default password is told with the way to accept that one."""
    return (
        to_accept(fault.partition(":")[0])
        if DEFAULT_PASSWORD in fault
        else "Correct the keys it names"
    )


def values_now(planned: Stack, now: Stack, name: str) -> dict[str, str]:
    """What the env file and the secret blocks of a planned stack say now, without what is faulty or
    cannot be read."""
    config = now.environments.get(name, planned.environments[name])
    blocks = each(config.secrets, adapters.secret, "loading the secret block")
    read, fault = read_env_as_far(planned.folder / config.env_file, blocks.good)
    read = {} if fault else read
    missing, named = {one.name for one in blocks.faulty}, tuple(config.secrets)
    return {
        key: value
        for key, value in {**read, **blocks.good}.items()
        if key not in missing
        and not check_env({key: value}, (key,), config.kind, named, now.accepted_passwords)
    }
