"""The one seam for wiring: `open_environment` loads the stack file, the env file and the blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from pydantic import SecretStr

from blocks.apprise_notifier import AppriseNotifier
from blocks.compose import Compose
from blocks.docker_host import DockerHost
from blocks.git_source import GitSource
from blocks.images import ImageStore
from blocks.registry import Registry
from blocks.traefik import TraefikEdge
from blocks.webhook import SlackWebhook
from tasks.work import OpenEnvironment
from tidegate.catalogue import find_stack
from tidegate.envfile import check_env, read_env
from tidegate.errors import ConfigError, StackFileError
from tidegate.known_names import known_names
from tidegate.ledger.ledger import Ledger
from tidegate.ports import Notifier
from tidegate.redaction import Redactor, learn, remember
from tidegate.safe_logs import guard_logs
from tidegate.settings import Settings
from tidegate.stackfile import Environment, EnvironmentName, Stack

B = TypeVar("B", bound=Block)
NOTIFIERS: tuple[type[Block], ...] = (SlackWebhook, AppriseNotifier)


@dataclass(frozen=True)
class OpenStack:
    """A stack and the ledger, for what needs no host."""

    stack: Stack
    ledger: Ledger


def open_stack(stack: str, settings: Settings | None = None) -> OpenStack:
    settings = settings or Settings()
    return OpenStack(find_stack(settings.stacks, stack), Ledger(settings.database_url))


def open_environment(stack: str, environment: EnvironmentName, settings: Settings | None = None) -> OpenEnvironment:
    """Everything that speaks to one environment of one stack. Raises InputError before anything is touched."""
    settings = settings or Settings()
    found = find_stack(settings.stacks, stack)
    config = _environment(found, environment)
    values = _values(found, environment, config)
    host = load(DockerHost, config.host)
    redactor = _redactor(found, config, values)
    learn({"TIDEGATE_LEDGER_URL": settings.database_url})
    registry = _optional(Registry, config.host)
    return OpenEnvironment(
        settings=settings, stack=found, name=environment, config=config, ledger=Ledger(settings.database_url),
        host=host, compose=Compose(host, redact=redactor.redact), images=ImageStore(host, registry, redactor.redact),
        registry=registry, source=GitSource.of(found, settings.home),
        edge=load(TraefikEdge, config.host), notifiers={name: notifier(name) for name in found.notifiers_for("red")},
        values=values, redactor=redactor)


def _redactor(stack: Stack, config: Environment, values: Mapping[str, str]) -> Redactor:
    """Hides this environment's secrets; what is of no one environment, such as errors and logs, hides them from now on."""
    files = [stack.folder / file for file in config.compose_files]
    names = known_names(stack, config, values, [file.read_text(errors="replace") for file in files if file.is_file()])
    redactor = Redactor(values, tuple(config.secrets), names)
    remember(redactor)
    guard_logs()
    return redactor


def load(kind: type[B], name: str) -> B:
    """A block by name, or a ConfigError that says where it is made."""
    block = _optional(kind, name)
    if block is None:
        slug = kind.get_block_type_slug()
        raise ConfigError(f"loading the block {slug}/{name}", "there is none of that name",
                          "Create it under Blocks in the Prefect UI, or name an existing one in stack.yaml")
    return block


def _optional(kind: type[B], name: str) -> B | None:
    try:
        block = cast(B, kind.load(name))
    except ValueError:   # Prefect's answer for "no block of that name"
        return None
    for field, value in block:
        if isinstance(value, SecretStr):   # one address a line, or one password
            lines = value.get_secret_value().splitlines()
            learn({f"{field}_secret_{number}": line for number, line in enumerate(lines)})
    return block


def notifier(name: str) -> Notifier:
    """Raises ConfigError where no block has the name."""
    for kind in NOTIFIERS:
        if block := _optional(kind, name):
            return cast(Notifier, block)
    raise ConfigError(f"loading the notifier {name!r}", "there is no slack-webhook or apprise-notifier block of that name",
                      "Create one under Blocks in the Prefect UI")


def _environment(stack: Stack, name: EnvironmentName) -> Environment:
    if name not in stack.environments:
        raise StackFileError(f"opening {stack.name} {name}", f"it has only {', '.join(stack.environments)}",
                             "Choose one of them, or add the environment to stack.yaml")
    return stack.environments[name]


def _values(stack: Stack, name: EnvironmentName, config: Environment) -> dict[str, str]:
    """The env file with its secrets from Prefect blocks. Raises ConfigError naming every faulty key at once."""
    file = stack.folder / config.env_file
    values = {**read_env(file), **{key: _secret(block) for key, block in config.secrets.items()}}
    if faults := check_env(values, config.required_keys, name, tuple(config.secrets)):
        raise ConfigError(f"reading {stack.name}/{config.env_file}", "; ".join(faults), "Correct the keys it names")
    return values


def _secret(name: str) -> str:
    return str(load(Secret, name).get())
