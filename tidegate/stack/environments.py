"""An environment as the stack file says it: its kind, what it comes after, and what follows from
its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from tidegate.edge.hosts import meet
from tidegate.pages.texts import TEXTS
from tidegate.stack.formats import (
    MOST_HOURS,
    MOST_WAIT_SECONDS,
    BlockName,
    ComposeProject,
    Domain,
    EnvironmentName,
    EnvKey,
    ImageTag,
    Name,
    Part,
    RelativePath,
)
from tidegate.stack.kept_ports import MOST_PORTS, KeptPort
from tidegate.stack.known_as import MOST_NAMES, KnownAs

Calling = KnownAs | KeptPort
"""A line that says how others call a service."""
Kind = Literal["development", "staging", "production"]
NOTHING = "nothing"
"""What `after` says of an environment that releases go to at once."""


@dataclass(frozen=True)
class Habits:
    """What is done in an environment, unless the stack file says otherwise."""

    rehearse: bool = False
    hold: bool = False
    approval: bool = False
    backup: bool = False
    watched: bool = False
    loud: bool = False


HABITS: Mapping[Kind, Habits] = {
    "development": Habits(),
    "staging": Habits(rehearse=True),
    "production": Habits(hold=True, approval=True, backup=True, watched=True, loud=True),
}


def _habit(name: str, description: str) -> Any:
    """A field whose value follows from the kind where the file does not say it."""

    def by_kind(read: dict[str, Any]) -> bool:
        habits = HABITS.get(read.get("kind", ""), Habits())  # without a kind the file is refused
        return bool(getattr(habits, name))

    return Field(default_factory=by_kind, description=description)


class Environment(Part):
    """One environment: a host, its compose files, its configuration and its domains."""

    kind: Kind = Field(
        description="What it is for. What is done there follows from it: "
        "`rehearse`, `hold`, `approval`, `backup`, `watched`, `loud`."
    )
    after: EnvironmentName | None = Field(
        None,
        description="A release goes to that environment first, with the same images. `nothing`: it "
        "goes here at once; a production beside other environments says so.",
    )
    base_project: ComposeProject | None = Field(
        None,
        description="The compose project under which the databases run, "
        "where people started them by hand: what `docker compose ls` calls it. Left out: "
        "`<stack>-<environment>`.",
    )
    host: BlockName = Field(
        "local", description="Name of the `tidegate-docker-host` block in Prefect."
    )
    compose_files: tuple[RelativePath, ...] = Field(
        min_length=1, description="Relative to the stack file's folder."
    )
    env_file: RelativePath
    env_file_as: tuple[RelativePath, ...] = Field(
        (),
        description="How `env_file:` of the compose files calls it, such as `.env`: "
        "then the values of this environment are meant, and the compose files stay as they are.",
    )
    secrets: dict[EnvKey, BlockName] = Field(
        {}, description="Env key -> name of a Prefect `secret` block."
    )
    required_keys: tuple[EnvKey, ...] = Field(
        (), description="Keys that must be there and not empty."
    )
    shares_host: bool = Field(
        False,
        description="Another environment of this application is on the same host: "
        "base services take neither their `container_name`, which stays one of their names "
        "in their networks, nor ports of the host.",
    )
    domains: tuple[Domain, ...] = Field(
        min_length=1,
        description="Host names by which people come. `*.erp.example` is each "
        "name directly below it; the first one is whole, because Tidegate itself comes by it.",
    )
    domains_of: dict[Name, tuple[Domain, ...]] = Field(
        {},
        description="Host names that only some routes have: a word that those say as their "
        "`domains_of` -> names.",
    )
    shares_names_with: tuple[Name, ...] = Field(
        (),
        description="Stacks that may have paths of their own at these host names. Each of them "
        "names this one in turn. Left out: this environment has its names for itself.",
    )
    known_as: tuple[KnownAs, ...] = Field(
        (),
        max_length=MOST_NAMES,
        description="Names by which other stacks of this server call released services on a "
        "network that they share.",
    )
    kept_ports: tuple[KeptPort, ...] = Field(
        (),
        max_length=MOST_PORTS,
        description="Ports of the host that the compose files publish of released services, by "
        "which others call them: they lead to who serves.",
    )
    image_alias: ImageTag = Field(
        description="Tag that is moved after a good release: an output, never an input."
    )
    https: bool = Field(
        False,
        description="People come by https: something before the edge ends TLS, and is "
        "one of TIDEGATE_TRUSTED_FRONTS.",
    )
    approval: bool = _habit(
        "approval", "A person must accept before this environment changes. In production."
    )
    approval_hours: float = Field(48, gt=0, le=MOST_HOURS)
    rehearse: bool = _habit(
        "rehearse", "After the switch, the way back is walked once and forward again. In staging."
    )
    backup: bool = _habit(
        "backup",
        "A verified backup is made before each release; without it, only before "
        "a migration. In production.",
    )
    hold: bool = _habit(
        "hold", "A version that fails here by its own fault is put on hold. In production."
    )
    watched: bool = _habit(
        "watched",
        "Each minute it is compared with how it was; what became worse is an "
        "incident. In production.",
    )
    loud: bool = _habit(
        "loud",
        "Its messages are as urgent as they are; elsewhere they are all green. In production.",
    )
    drain_seconds: int = Field(30, ge=0, le=MOST_WAIT_SECONDS)
    keep_warm: bool = Field(
        False,
        description="The old containers run on until the next release: a way back "
        "is one switch, for the memory of a second slot.",
    )

    @property
    def hosts(self) -> tuple[str, ...]:
        """All its host names."""
        return (*self.domains, *(host for own in self.domains_of.values() for host in own))

    @property
    def callings(self) -> tuple[Calling, ...]:
        """How others call its services, past its host names."""
        return (*self.known_as, *self.kept_ports)

    @property
    def kept_numbers(self) -> frozenset[int]:
        """Of the ports of the host that are kept."""
        return frozenset(line.host_port for line in self.kept_ports)


@dataclass(frozen=True)
class Place:
    """An environment as people read of it."""

    name: str
    kind: Kind | None = None
    """None where no stack file names it any more."""
    is_alone: bool = True
    """Whether it is the only one of its kind in its stack."""
    is_loud: bool = True

    def heading(self, language: str) -> str:
        """`Production`, or `Production (prod-eu)` where there are several; as a sentence begins."""
        return self._named(TEXTS[language][f"kind {self.kind}"]) if self.kind else self.name

    def inside(self, language: str) -> str:
        """The same inside a sentence: `production (prod-eu)`."""
        return self._named(TEXTS[language][f"in kind {self.kind}"]) if self.kind else self.name

    def in_record(self, language: str) -> str:
        """The same in a release record, whose Chinese wording has the English words."""
        return self._named(TEXTS[language][f"record {self.kind}"]) if self.kind else self.name

    def _named(self, kind: str) -> str:
        return kind if self.is_alone else f"{kind} ({self.name})"


def place_of(environments: Mapping[str, Environment], name: str) -> Place:
    if name not in environments:
        return Place(name)
    own, kinds = environments[name], Counter(one.kind for one in environments.values())
    return Place(name, own.kind, is_alone=kinds[own.kind] == 1, is_loud=own.loud)


def way_to(environments: Mapping[str, Environment], name: str) -> tuple[str, ...]:
    """The environments that a release goes through, in order; `name` is the last of them."""
    before = environments[name].after
    return (name,) if before in (None, NOTHING) else (*way_to(environments, str(before)), name)


def environment_faults(environments: Mapping[str, Environment]) -> Iterator[str]:
    """What no environment says by itself: all of them together do."""
    if NOTHING in environments:
        yield f"environments.{NOTHING}: is a word of `after`; give it another name"
    for name, own in environments.items():
        if fault := _fault_of_after(environments, name, own):
            yield f"environments.{name}.after: {fault}"
    yield from domain_faults({name: own.hosts for name, own in environments.items()})


def domain_faults(hosts: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Of the environments' host names: which one is there twice, or is one of another environment's
    wildcard."""
    named = [(name, host) for name, own in hosts.items() for host in own]
    for place, (name, host) in enumerate(named):
        for other, second in named[:place]:
            if host == second:
                yield f"environments: {host} is a domain of {other} and of {name}"
            elif name != other and meet(host, second):
                yield (
                    f"environments: {host} is a domain of {name}, "
                    f"and {second} of {other}: a name has one owner"
                )


def _fault_of_after(
    environments: Mapping[str, Environment], name: str, own: Environment
) -> str | None:
    if own.after is None:
        others = [one for one, other in environments.items() if other.kind != own.kind]
        return (
            (
                "is missing: say through which environment a release comes here "
                f"(`after: {others[0]}`), or `after: {NOTHING}`"
            )
            if own.kind == "production" and others
            else None
        )
    if own.after != NOTHING and own.after not in environments:
        return f"there is no environment {own.after!r} (there are {', '.join(environments)})"
    return "comes after itself" if _is_in_a_circle(environments, name) else None


def _is_in_a_circle(environments: Mapping[str, Environment], name: str) -> bool:
    seen = [name]
    while (before := environments[seen[-1]].after) in environments:
        if before in seen:
            return before == name
        seen.append(str(before))
    return False
