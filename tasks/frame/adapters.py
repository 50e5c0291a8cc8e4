"""The one seam for wiring: which adapter plays which port. A test replaces what is in this file,
and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from pydantic import SecretStr

from blocks.backups.folder import BackupStore
from blocks.backups.kept import EngineBackups, EngineDatabaseCopies, EngineVolumeCopies
from blocks.databases.engines import EngineDatabases
from blocks.docker.adopting import EngineHandStarted
from blocks.docker.base_services import EngineBaseServices
from blocks.docker.builder import ImageBuilder
from blocks.docker.compose import Compose
from blocks.docker.compose_reading import ComposeReading
from blocks.docker.engine_looks import EngineLooks
from blocks.docker.host import DockerHost
from blocks.docker.host_facts import EngineMeasures
from blocks.docker.image_files import EngineImageFiles
from blocks.docker.images import ImageStore
from blocks.docker.log_lines import read_logs
from blocks.docker.occupants import EngineOccupancy
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.forwarders import EngineForwarders
from blocks.edges.traefik.networks import EngineNetworks
from blocks.messengers.apprise_notifier import AppriseNotifier
from blocks.messengers.events import PrefectEvents
from blocks.messengers.webhook import SlackWebhook
from blocks.migrators.tools import EngineMigrations
from blocks.probes.visitors import EdgeVisitors
from blocks.registries.registry import Registry
from blocks.sources.clone import Clone
from blocks.sources.git import GitSource
from blocks.sources.kept import git_keeps
from tidegate.errors import ConfigError, VersionError
from tidegate.facts import ComposeModel, Message
from tidegate.log_line import LogLine
from tidegate.plan.adoption import HandStarted
from tidegate.ports import HostOccupancy, Notifier, Ports
from tidegate.proposal.look import Repository
from tidegate.secrecy.redaction import learn
from tidegate.settings import Settings
from tidegate.stack.environments import Environment
from tidegate.stack.file import Stack
from tidegate.versions import Version

B = TypeVar("B", bound=Block)
NOTIFIERS: tuple[type[Block], ...] = (SlackWebhook, AppriseNotifier)
_SEEN: dict[tuple[type[Block], str], Future[Block | None]] | None = None


def ports_of(
    settings: Settings,
    stack: Stack,
    environment: str,
    config: Environment,
    redact: Callable[[str], str],
) -> Ports:
    """The adapters of one environment, from the blocks that its stack file names. Raises
    ConfigError, VersionError."""
    host, registry = load(DockerHost, config.host), optional(Registry, config.host)
    notifiers = {name: _notifier(name) for name in stack.notifiers_for("red")}
    return ports_at(
        settings,
        stack,
        environment,
        host,
        load(TraefikEdge, config.host),
        registry=registry,
        notifiers=notifiers,
        redact=redact,
    )


def ports_at(
    settings: Settings,
    stack: Stack,
    environment: str,
    host: DockerHost,
    edge: TraefikEdge,
    *,
    registry: Registry | None = None,
    notifiers: dict[str, Notifier] | None = None,
    redact: Callable[[str], str] = str,
) -> Ports:
    """The same, on an engine and behind an edge that are known."""
    compose, images = Compose(host, redact=redact), ImageStore(host, registry)
    store = BackupStore(settings.home / "backups" / stack.name / environment)
    return Ports(
        host=host,
        measures=EngineMeasures(host),
        occupancy=EngineOccupancy(host),
        by_hand=EngineHandStarted(host),
        networks=EngineNetworks(host),
        forwarders=EngineForwarders(host),
        compose=compose,
        base=EngineBaseServices(host, compose),
        images=images,
        builder=ImageBuilder(compose, images),
        registry=registry,
        source=_source(stack, settings),
        further=GitSource.further_of(stack, settings.home),
        edge=edge,
        visitors=EdgeVisitors(edge.public_url, edge.check_url),
        databases=EngineDatabases(host),
        migrations=EngineMigrations(host, EngineImageFiles(host)),
        backups=EngineBackups(host, store),
        restored=EngineDatabaseCopies(host, store),
        volumes=EngineVolumeCopies(host, store),
        notifiers=notifiers or {},
        events=PrefectEvents(),
    )


def _source(stack: Stack, settings: Settings) -> GitSource | None:
    return GitSource.of(stack, settings.home) if stack.source else None


def ports_of_files(
    settings: Settings, stack: Stack, environment: str, redact: Callable[[str], str]
) -> Ports:
    """For who only reads the files: no block is asked for, and the engine and the edge are never
    called."""
    nobody = TraefikEdge(config_directory=settings.home / "edge", public_url="", check_url="")
    return ports_at(settings, stack, environment, DockerHost(), nobody, redact=redact)


def as_written(files: Sequence[Path], project: str) -> ComposeModel:
    """Compose files with their variables as they stand there. Raises StackFileError."""
    return Compose(DockerHost()).as_written(files, project)


def missing_values(
    files: Sequence[Path], values: Mapping[str, str], project: str, *unread: Collection[str]
) -> set[str]:
    """Names of variables without which the files cannot be read. Raises StackFileError."""
    return ComposeReading(Compose(DockerHost()).command, files, values, project, *unread).missing()


def by_hand_here() -> tuple[HandStarted, HostOccupancy]:
    """What people started on the engine of this machine."""
    host = DockerHost()
    return EngineHandStarted(host), EngineOccupancy(host)


def repository_at(folder: Path) -> Repository:
    return Clone(folder).repository()


def env_files_once_committed(folder: Path) -> Mapping[str, str]:
    """Path and text of each env file that git has ever seen. Raises VersionError."""
    return Clone(folder).env_files_once_committed()


def newest_versions(stack: Stack, home: Path, most: int) -> list[Version]:
    """Newest first, each with its commits as they are now. One that a further repository has no
    commit of cannot be released. Raises VersionError."""
    if stack.source is None:
        raise VersionError(
            f"listing the versions of {stack.name}",
            "they are tags of images, and it has no repository",
            "Look into the registry; `tidegate history` says what was released",
        )
    found = GitSource.of(stack, home).newest(most)
    further = {
        name: source.commits_of([one.name for one in found])
        for name, source in GitSource.further_of(stack, home).items()
    }
    return [
        Version(
            name,
            commit,
            further={key: known[name] for key, known in further.items() if name in known},
        )
        for name, commit in found
    ]


def printed_by(
    host: str, services: Mapping[str, str], lines: int, *, follow: bool
) -> Iterator[LogLine]:
    """What containers of a host print; `services` is how each is called, by its name. Raises
    EngineError."""
    return read_logs(load(DockerHost, host), services, lines, follow=follow)


def engine_looks(settings: Settings, host: str | None) -> EngineLooks:
    """Of the engine of this machine, or of a host by its block. Raises ConfigError."""
    return EngineLooks(
        load(DockerHost, host) if host else DockerHost(edge_network=settings.edge_name)
    )


def registry(name: str) -> Registry | None:
    return optional(Registry, name)


def is_in_git(file: Path) -> bool:
    return git_keeps(file)


def load(kind: type[B], name: str) -> B:
    """A block by name, or a ConfigError that says where it is made."""
    block = optional(kind, name)
    if block is None:
        slug = kind.get_block_type_slug()
        raise ConfigError(
            f"loading the block {slug}/{name}",
            "there is none of that name",
            "Create it under Blocks in the Prefect UI, or name an existing one in stack.yaml",
        )
    return block


@contextmanager
def each_asked_for_once() -> Iterator[None]:
    """While it lasts, a block is what it was when it was first asked for: a look over many stacks
    names the same few. Where the answer was a failure, whoever comes later asks again."""
    global _SEEN
    _SEEN = {}
    try:
        yield
    finally:
        _SEEN = None


def optional(kind: type[B], name: str) -> B | None:
    """None where no block has the name. Its secrets are hidden from now on."""
    seen = _SEEN
    if seen is None:
        return _asked_for(kind, name)
    mine: Future[Block | None] = Future()
    if (
        answer := seen.setdefault((kind, name), mine)
    ) is mine:  # the others wait for the one that asks
        try:
            mine.set_result(_asked_for(kind, name))
        except BaseException as error:
            del seen[kind, name]
            mine.set_exception(error)
    return cast("B | None", answer.result())


def _asked_for(kind: type[B], name: str) -> B | None:
    try:
        block = cast(B, kind.load(name))
    except ValueError:  # Prefect's answer for "no block of that name"
        return None
    for field, value in block:
        if isinstance(value, SecretStr):  # one address a line, or one password
            lines = value.get_secret_value().splitlines()
            learn({f"{field}_secret_{number}": line for number, line in enumerate(lines)})
    return block


def secret(name: str) -> str:
    """The value of a secret block. Raises ConfigError."""
    return str(load(Secret, name).get())


@dataclass(frozen=True)
class MissingNotifier:
    """Stands for a block that is not there: a message to it is shown as not sent, and nothing else
    is stopped by it."""

    error: ConfigError

    def send(self, message: Message) -> None:
        raise self.error


def notifier(name: str) -> Notifier:
    """Raises ConfigError where no block has the name."""
    for kind in NOTIFIERS:
        if block := optional(kind, name):
            return cast(Notifier, block)
    raise ConfigError(
        f"loading the notifier {name!r}",
        "there is no slack-webhook or apprise-notifier block of that name",
        "Create one under Blocks in the Prefect UI",
    )


def _notifier(name: str) -> Notifier:
    try:
        return notifier(name)
    except ConfigError as missing:
        return MissingNotifier(missing)
