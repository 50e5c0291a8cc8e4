"""Which environments a folder's compose files are for, by their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tidegate.stack.environments import Kind

MAIN = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""In the order in which Docker Compose looks for them."""
_VARIANT = re.compile(r"(?:docker-)?compose[.-]([a-z0-9-]+)\.ya?ml")
_FOR_DEVELOPERS = re.compile(
    r"[.-](?:dev|development|devel|ci|test|tests|testing|e2e|local|debug)[.-]"
)
_KINDS: Mapping[str, Kind] = {
    "staging": "staging",
    "stage": "staging",
    "stg": "staging",
    "uat": "staging",
    "qa": "staging",
    "prod": "production",
    "production": "production",
    "live": "production",
}
ENV_FILES: Mapping[Kind, tuple[str, ...]] = {
    "staging": (".env.staging", ".env.stage"),
    "production": (".env.production", ".env.prod"),
}
"""As they are called; the first of each is the name of a new one."""

_SERVERS = """
    prod production deploy deployment deployments docker compose docker-compose infra release
    hosting self-host selfhost"""
FOR_SERVERS = frozenset(_SERVERS.split())
"""Names of folders whose compose files are those for servers, whichever others there are."""
_DEVELOPERS = """
    .devcontainer .github .ci ci dev test tests testing e2e fixtures .examples example examples
    sample samples docs benchmarks"""
_DEVELOPERS_FOLDERS = frozenset(_DEVELOPERS.split())

MEANT_PROFILES = frozenset({"default", "prod", "production"})
"""Compose profiles that are the application, whatever others there are."""
SAYS_NOTHING = frozenset(
    [
        "docker",
        "compose",
        "deploy",
        "deployment",
        "deployments",
        "production",
        "prod",
        "src",
        "app",
        "server",
        "infra",
        "release",
        "fpm",
        "apache",
        "nginx",
        "docker-compose",
        "images",
        "image",
        "containers",
        "example",
        "examples",
        "full",
        "simple",
        "plain",
        "basic",
        "alpine",
        "debian",
        "ubuntu",
        "self-host",
        "selfhost",
        "hosting",
    ]
)
"""Names of folders that are no application's."""


@dataclass(frozen=True)
class Place:
    """One environment as it could stand in a stack file."""

    name: str
    kind: Kind
    files: tuple[str, ...]
    env_file: str = ""
    base_project: str = ""
    """The compose project in which its data are already."""


@dataclass(frozen=True)
class ComposeFiles:
    """What lies in a folder. `main` is the file without a word in its name; empty where there is
    none."""

    main: str
    staging: str
    production: str
    others: tuple[str, ...]
    """For a developer's machine, for tests: no release reads them."""

    def below(self, folder: str) -> ComposeFiles:
        """The same by their names from above `folder` on."""

        def named(name: str) -> str:
            return f"{folder}/{name}" if folder and name else name

        return ComposeFiles(
            named(self.main),
            named(self.staging),
            named(self.production),
            tuple(map(named, self.others)),
        )

    def __bool__(self) -> bool:
        return bool(self.main or self.staging or self.production or self.others)


def compose_files_in(names: Collection[str]) -> ComposeFiles:
    found = {name: one[1] for name in sorted(names) if (one := _VARIANT.fullmatch(name))}
    main = next((name for name in MAIN if name in names), "")
    by_kind = {_KINDS[word]: name for name, word in reversed(found.items()) if word in _KINDS}
    taken = {*by_kind.values()}
    return ComposeFiles(
        main,
        by_kind.get("staging", ""),
        by_kind.get("production", ""),
        tuple(name for name in found if name not in taken),
    )


def places_of(files: ComposeFiles, whole: Collection[str]) -> tuple[Place, ...]:
    """Staging first; production too where a file says so. `whole` are the files that stand by
    themselves."""

    def read_as(name: str) -> tuple[str, ...]:
        return (name,) if name in whole or not files.main else (files.main, name)

    staged, produced = files.staging, files.production
    alone = (files.main,) if files.main else _likeliest(files.others)
    first = read_as(staged) if staged else read_as(produced) if produced else alone
    places = [Place("staging", "staging", first)]
    if produced or (staged and files.main):
        places.append(Place("prod", "production", read_as(produced) if produced else alone))
    return tuple(places)


def places_by(project: str, files: Sequence[str]) -> tuple[Place, ...]:
    """Of a compose project that runs: it has the data, so it is production. Staging comes first,
    with the same files."""
    return (
        Place("staging", "staging", tuple(files)),
        Place("prod", "production", tuple(files), base_project=project),
    )


def _likeliest(names: Sequence[str]) -> tuple[str, ...]:
    """Of several files for several ways to run it: the plainest that is no developer's."""
    ours = for_releases(names) or [*names]
    return tuple(sorted(ours, key=lambda name: (len(name), name))[:1])


def for_releases(names: Sequence[str]) -> list[str]:
    """Those that are no developer's, by their names."""
    return [name for name in names if not _FOR_DEVELOPERS.search(name) and ".override." not in name]


def is_for_developers(folder: str) -> bool:
    """Whether no application's compose files lie in such a folder."""
    return not _DEVELOPERS_FOLDERS.isdisjoint(folder.lower().split("/"))


def domains_of(places: Sequence[Place], domain: str) -> dict[str, str]:
    """The last environment has the domain itself, and each before it a name of its own below."""
    return {
        place.name: domain if place is places[-1] else f"{place.name}.{domain}" for place in places
    }


def local_domain(places: Sequence[Place], stack: str) -> str:
    """Below `localhost`, which every browser finds without a name server."""
    last = places[-1]
    return f"{stack}.localhost" if last.kind == "production" else f"{last.name}.{stack}.localhost"
