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
from tidegate.each import each
from tidegate.envfile import check_env, read_env_as_far
from tidegate.errors import ConfigError, StackFileError
from tidegate.facts import Message
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
    """Everything that speaks to one environment of one stack. Raises InputError before anything is touched.

    What a way back can do without, such as a notifier or a value, stops nothing here: whatever needs it refuses then.
    """
    settings = settings or Settings()
    found = find_stack(settings.stacks, stack)
    config = environment_of(found, environment)
    values, faults = _values(found, environment, config)
    host = load(DockerHost, config.host)
    redactor = _redactor(found, config, values)
    learn({"TIDEGATE_LEDGER_URL": settings.database_url})
    registry = _optional(Registry, config.host)
    return OpenEnvironment(
        settings=settings, stack=found, name=environment, config=config, ledger=Ledger(settings.database_url),
        host=host, compose=Compose(host, redact=redactor.redact), images=ImageStore(host, registry, redactor.redact),
        registry=registry, source=GitSource.of(found, settings.home),
        edge=load(TraefikEdge, config.host), notifiers={name: _notifier(name) for name in found.notifiers_for("red")},
        values=values, redactor=redactor, faults=faults)


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


@dataclass(frozen=True)
class MissingNotifier:
    """Stands for a block that is not there: a message to it is shown as not sent, and nothing else is stopped by it."""

    error: ConfigError

    def send(self, message: Message) -> None:
        raise self.error


def _notifier(name: str) -> Notifier:
    try:
        return notifier(name)
    except ConfigError as missing:
        return MissingNotifier(missing)


def notifier(name: str) -> Notifier:
    """Raises ConfigError where no block has the name."""
    for kind in NOTIFIERS:
        if block := _optional(kind, name):
            return cast(Notifier, block)
    raise ConfigError(f"loading the notifier {name!r}", "there is no slack-webhook or apprise-notifier block of that name",
                      "Create one under Blocks in the Prefect UI")


def environment_of(stack: Stack, name: EnvironmentName) -> Environment:
    if name not in stack.environments:
        raise StackFileError(f"opening {stack.name} {name}", f"it has only {', '.join(stack.environments)}",
                             "Choose one of them, or add the environment to stack.yaml")
    return stack.environments[name]


def _values(stack: Stack, name: EnvironmentName, config: Environment) -> tuple[dict[str, str], tuple[ConfigError, ...]]:
    """The env file with its secrets from Prefect blocks, as far as they are there, and everything that is wrong with them."""
    read, fault = read_env_as_far(stack.folder / config.env_file)
    secrets = each(config.secrets, _secret, "loading the secret block")
    values = {**read, **secrets.good}
    missing = [ConfigError(f"loading the secret block for {one.name}", one.error.came_back, one.error.to_do)
               for one in secrets.faulty]
    if fault or missing:
        return values, tuple(filter(None, (fault, *missing)))
    found = check_env(values, config.required_keys, name, tuple(config.secrets))
    doing = f"reading {stack.name}/{config.env_file}"
    return values, (ConfigError(doing, "; ".join(found), "Correct the keys it names"),) if found else ()


def _secret(name: str) -> str:
    return str(load(Secret, name).get())
