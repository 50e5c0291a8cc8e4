"""One environment, opened: its stack file, values and compose model, with all that speaks to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from tidegate.errors import ConfigError, TidegateError
from tidegate.facts import ComposeModel
from tidegate.ledger.ledger import Ledger
from tidegate.plan.resolved import ResolvedConfiguration, resolve
from tidegate.plan.sealed_files import (
    content_hash,
    copy_of,
    files_of,
    refuse_too_large,
    secret_files,
    with_copies,
)
from tidegate.ports import Ports
from tidegate.secrecy.known_names import names_in_model
from tidegate.secrecy.redaction import Redactor, remember
from tidegate.settings import Settings
from tidegate.stack.bind_mounts import Written, written_places
from tidegate.stack.data import AnyDatabase, Database
from tidegate.stack.env_files import own_paths
from tidegate.stack.envfile import default_passwords, fingerprint
from tidegate.stack.environments import Environment
from tidegate.stack.file import Stack
from tidegate.stack.kept_ports import KeptPort
from tidegate.stack.logins import logins_in, own_logins, read_secret
from tidegate.stack.one_shots import one_shots
from tidegate.stack.roles import said_alone
from tidegate.stack.routes import Known, Routed, known, routed
from tidegate.stack.said import as_said


@dataclass(frozen=True)
class OpenEnvironment(Ports):
    """One environment of one stack with everything that speaks to it. Its files were read once,
    when it was opened."""

    settings: Settings
    stack: Stack
    name: str
    config: Environment
    ledger: Ledger
    values: Mapping[str, str] = field(repr=False)
    redactor: Redactor = field(repr=False)
    faults: tuple[ConfigError, ...] = ()
    """What is wrong with the values: a way back to containers that are there needs none of them."""
    read: ComposeModel | None = field(default=None, repr=False)
    """The resolved compose model where it is known already: that of what was planned."""
    copies: Path | None = None
    """Where the files of the team's folder were kept, when this is how a deployment was planned."""
    now: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the env file and the secret blocks say now, without what is faulty."""
    lost: bool = False
    """Whether what a deployment was planned with was kept and is gone, so that the folder stands
    for it."""

    @property
    def base_project(self) -> str:
        return self.stack.base_project(self.name)

    @property
    def routed(self) -> list[Routed]:
        """What people reach by the edge: the main route first, which has the path `/` at the
        environment's `domains` where one has it."""
        return routed(self.stack.services, self.stack.routes)

    @property
    def known(self) -> list[Known]:
        """What others call by a name on a network that they share, or at a port of the host."""
        return known(self.stack.services, self.config)

    @property
    def kept_ports(self) -> list[tuple[KeptPort, int]]:
        """Ports of the host that are kept, each with that at which its service listens."""
        return [(one.line, one.port) for one in self.known if isinstance(one.line, KeptPort)]

    @property
    def ready_path(self) -> str:
        """Of the main route's service."""
        return self.routed[0].ready_path

    @property
    def released(self) -> list[str]:
        return [service.name for service in self.stack.services]

    @property
    def unbuilt(self) -> list[str]:
        """The released services with the image that the compose files name."""
        return [service.name for service in self.stack.services if service.image is None]

    @cached_property
    def alone(self) -> frozenset[str]:
        """The released services that never run twice, by the stack file or by a label of the
        compose files. Where these cannot be read, which stops no way back, the stack file alone
        says it."""
        named = {service.name for service in self.stack.services if service.alone}
        try:
            services = self.model()["services"]
        except TidegateError:
            return frozenset(named)
        return frozenset(
            named | {name for name in self.released if said_alone(services.get(name, {}))}
        )

    @cached_property
    def jobs(self) -> frozenset[str]:
        """The released services that do one piece of work and end. What people or stacks come to is
        none of them, whatever the compose files say."""
        servers = {
            *(one.service.name for one in self.routed),
            *(one.service.name for one in self.known),
            *(one.name for one in self.stack.services if one.port),
        }
        return one_shots(self.model(), servers) & frozenset(self.released)

    @property
    def config_prints(self) -> dict[str, str]:
        """Keyed fingerprints of the env values: comparable between releases, useless for guessing a
        secret."""
        return fingerprint(self.values, self.settings.fingerprint_key())

    @property
    def url(self) -> str:
        """Where people find it."""
        host, main = self.config.domains[0], self.routed[0].path
        path = "" if main == "/" else main
        if self.config.https:
            return f"https://{host}{path}"
        port = self.edge.public_url.rsplit(":", 1)[-1]
        return f"http://{host}" + ("" if port in ("80", "443") else f":{port}") + path

    def refuse_faults(self) -> None:
        """Whatever needs the whole configuration asks here first. Raises ConfigError with all that
        is wrong."""
        if self.faults:
            raise ConfigError(
                self.faults[0].doing,
                "; ".join(
                    one.came_back
                    if one.doing == self.faults[0].doing
                    else f"{one.doing}: {one.came_back}"
                    for one in self.faults
                ),
                ". ".join(dict.fromkeys(one.to_do for one in self.faults)),
            )

    def with_logins_of_now(self) -> OpenEnvironment:
        """For a way back or a look: a password that was changed since the plan is the valid one.
        Everything else stays."""
        logins = {key: self.now[key] for key in self._own_logins() if key in self.now}
        if logins.items() <= self.values.items():
            return self
        self.redactor.learn(logins, tuple(self.config.secrets))
        remember(self.redactor)
        return replace(self, values={**self.values, **logins})

    def _own_logins(self) -> set[str]:
        """Env keys with which Tidegate itself logs in: to databases, in smoke checks, and what the
        stack names as secrets."""
        smoke = (key for check in self.stack.smoke if check.login for key in check.login.env_keys)
        return {*self.config.secrets, *smoke}.union(
            *map(self.databases.login_keys, self.stack.databases)
        )

    def model(self) -> ComposeModel:
        """The compose files with everything put in, under the base project's name: read once."""
        return self._model

    @cached_property
    def _model(self) -> ComposeModel:
        if self.read is not None:
            return self.read
        self.refuse_faults()
        read = self.compose.read(*self.reading())
        model = as_said(read, self.stack, self.name, self.values)
        self.learn(model)
        return model

    def reading(
        self,
    ) -> tuple[list[Path], Mapping[str, str], str, frozenset[str], tuple[str, ...]]:
        """The compose files, and with what they are read."""
        folder = self.stack.folder
        return (
            [folder / file for file in self.config.compose_files],
            self.values,
            self.base_project,
            own_paths(folder, self.config.env_file_as),
            self.stack.left_out,
        )

    def learn(self, model: ComposeModel) -> None:
        """Know the secrets of a compose model from now on, and those in the files it gives as
        `secrets:`."""
        secret = secret_files(self.with_copies(model))
        self.redactor.learn({}, names=names_in_model(self.stack, model))
        self.redactor.learn_model(model)
        self.redactor.learn(secret, tuple(secret))
        remember(self.redactor)

    @cached_property
    def written(self) -> tuple[Written, ...]:
        """The places of the host that containers write into, as the stack file names them. Raises
        StackFileError."""
        return written_places(self.stack.state, self.stack.folder, self.values)

    def logins(self, spec: AnyDatabase) -> dict[str, str]:
        """The env values, with what the compose files say of a database's logins: where the env
        file says nothing, and of the keys by which another server is told its own."""
        services = [*self.released, *filter(None, [spec.service])]
        keys, asked = self.databases.login_keys(spec), (self.values, self._secret_in)
        told = {**self.values, **logins_in(self.model(), services, keys, *asked)}
        if isinstance(spec, Database) and (own := self.own_keys(spec)):
            told |= own_logins(self.model(), spec, own, self.released, *asked)
        return told

    def own_keys(self, spec: AnyDatabase) -> set[str]:
        """The keys of its login by which another database service is told its own."""
        if not isinstance(spec, Database) or spec.service is None:
            return set()
        others = [
            one
            for one in self.stack.databases
            if one.service not in (None, spec.service) and spec.is_told_like(one)
        ]
        shared = set[str]().union(*map(self.databases.login_keys, others))
        return self.databases.login_keys(spec) & shared

    @cached_property
    def weak_passwords(self) -> list[str]:
        """Keys of passwords that everybody knows, in the env file or among the logins of
        databases."""
        told = [self.values, *map(self.logins, self.stack.databases)]
        return [*dict.fromkeys(chain.from_iterable(map(self.weak_in, told)))]

    def weak_in(self, values: Mapping[str, str]) -> list[str]:
        """The same among `values` alone."""
        keys = [spec.password_key for spec in self.stack.databases if spec.password_key]
        return default_passwords(values, (*self.config.secrets, *keys))

    def _secret_in(self, file: Path) -> str:
        """As it is now, because a database is entered with it; where it is gone, as it was kept."""
        return read_secret(file) or (
            read_secret(copy_of(file, self.stack.folder, self.copies)) if self.copies else ""
        )

    def with_copies(self, model: ComposeModel) -> ComposeModel:
        """With the files that were kept with the release, where they were."""
        return (
            with_copies(model, self.stack.folder, self.copies, self.written)
            if self.copies
            else model
        )

    def files_of(self, services: Collection[str]) -> dict[str, Path]:
        """Name -> path of what goes with a release of `services`."""
        return files_of(self.model(), self.stack.folder, services, self.written)

    @cached_property
    def contents(self) -> dict[str, str]:
        """SHA-256 of each file that the containers are given, by name; looked at once."""
        files = self.files_of(self.model()["services"])
        refuse_too_large(files)
        return {name: content_hash(file) for name, file in files.items()}

    @cached_property
    def configuration(self) -> ResolvedConfiguration:
        """What plans, evidence and approvals are about."""
        return resolve(
            stack=self.stack,
            environment=self.name,
            values=self.values,
            model=self.model(),
            files=self.contents,
            key=self.settings.fingerprint_key(),
        )
