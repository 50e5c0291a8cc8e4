"""A proposed stack: everything decided, from what was seen and what a person answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidegate.errors import InputError
from tidegate.plan.host_claims import shared_data
from tidegate.proposal.compose_files import ENV_FILES, SAYS_NOTHING, Place, domains_of, local_domain
from tidegate.proposal.databases import ProposedDatabase, databases_of
from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.doors import ports_of, ready_path_of
from tidegate.proposal.images import images_of, tag_of, with_named_images
from tidegate.proposal.known_images import CACHES, engine_of, keeps_data
from tidegate.proposal.look import PROJECT, Look
from tidegate.proposal.own_data import with_own_data
from tidegate.proposal.questions import Answers, Question, title_of, word_of
from tidegate.proposal.roles import (
    Role,
    ends,
    is_built,
    leads_to_others,
    made_from,
    roles_of,
    runs_alone,
)
from tidegate.proposal.written_folders import Mounts, mounts_of
from tidegate.stack.bind_mounts import Written
from tidegate.stack.own_volumes import written_volumes
from tidegate.stack.variables import with_defaults

_NAMES = {
    word: place
    for place, words in enumerate(
        (
            ("web", "www"),
            ("app",),
            ("frontend", "front", "ui", "client"),
            ("nginx", "gateway", "proxy", "caddy"),
            ("backend",),
            ("api", "server"),
        )
    )
    for word in words
}
"""Where several services could be at the edge: how likely each is, by a word of its name."""


@dataclass(frozen=True)
class Proposed:
    """What a stack file will say. `services` are the released ones, that at the edge first, with
    their images; empty where the compose file's own is meant. Without `builds` a version is the tag
    of the image at the edge."""

    name: str
    title: str
    look: Look
    services: Mapping[str, str]
    port: int
    ready_path: str
    builds: bool
    alone: frozenset[str]
    """Of the services, those of which there is never more than one."""
    left_out: tuple[str, ...]
    databases: tuple[ProposedDatabase, ...]
    volumes: tuple[str, ...]
    mounts: Mounts
    one_shots: tuple[str, ...]
    places: tuple[tuple[Place, str], ...]
    """Each with its domain."""
    tag: str = ""
    """Where nothing is built: the version that the compose file names."""
    shares_host: bool = False
    """Whether base services take a name or a port of their host."""

    @property
    def base(self) -> list[str]:
        return sorted({*self.look.model["services"]} - {*self.services} - {*self.left_out})

    @property
    def keepers(self) -> list[str]:
        """Those of them that keep data: databases, caches, brokers."""
        services, files = self.look.model["services"], self.look.dockerfiles
        made = {
            name: made_from(services[name], files.get(name, Dockerfile())) for name in self.base
        }
        own = {one.service for one in self.databases}
        return [name for name, image in made.items() if name in own or keeps_data(image)]

    @property
    def shared(self) -> tuple[str, ...]:
        """What its environments would have of each other on one host: `the folder ./pgdata`. Empty
        where they read other compose files."""
        if len(self.places) == 1 or len({place.files for place, _ in self.places}) > 1:
            return ()
        model = {**self.look.model, "name": PROJECT}
        written = [Written(one, one) for one in self.mounts.written if "$" not in one]
        kept = [*self.services, *self.left_out]
        found = shared_data(model, kept, written, self.volumes)
        return tuple(one.what.replace(f"{self.look.path}/", "./") for one in found)


def propose(look: Look, answers: Answers) -> Proposed:
    """Ask what nothing says, and put it together. Raises InputError where the application has
    nothing to release."""
    services: Mapping[str, Any] = look.model["services"]
    files = {name: look.dockerfiles.get(name, Dockerfile()) for name in services}
    roles = roles_of(look.model, files)
    released = [name for name, role in roles.items() if role == "released"]
    if not released:
        raise InputError(
            f"looking at {look.folder}",
            "no service of the compose files is built, or is anything but a database",
            "Write stack.yaml yourself: `tidegate docs stack-file`",
        )
    name = answers.given.get("name") or _name(look)
    title = answers.to(Question("title", "What do people call this application?", title_of(name)))
    edge = _edge(name, released, services, files, answers)
    port = _port(edge, ports_of(services[edge], files[edge]), answers)
    path = answers.to(
        Question("ready-path", f"Which page of {edge} answers 200 only when it can work?", "/"),
        said=ready_path_of(services[edge], files[edge]),
    )
    images = {one: made_from(services[one], files[one]) for one in services}
    named = with_named_images(services, look.example)
    ours = images_of(name, edge, released, named)
    roles, alone = with_own_data(roles, services, {edge, *ours})
    released = [one for one in released if roles[one] == "released"]
    keepers = _keepers(look, images, roles)
    base = {*services} - {one for one, role in roles.items() if role != "base"}
    return Proposed(
        name,
        title,
        look,
        {one: ours.get(one, "") for one in sorted(released, key=lambda one: one != edge)},
        port,
        path,
        any(is_built(services[one]) for one in released),
        alone | {one for one in released if one != edge and runs_alone(services[one], one)},
        tuple(one for one, role in roles.items() if role == "left out"),
        tuple(databases_of(look.model, released, images, look.example if look.env_file_as else {})),
        _volumes(look, keepers),
        mounts_of(look.model, keepers, look.path, look.repository.tracked, released),
        tuple(one for one in services if roles[one] != "left out" and ends(services[one], one)),
        _domains(look, name, answers),
        tag_of(edge, released, named, look.example),
        any(services[one].get("container_name") or services[one].get("ports") for one in base),
    )


def _name(look: Look) -> str:
    """Of the compose project, the folder, or the repository where the folder's name says nothing of
    it."""
    repository = look.repository.address.rstrip("/").rpartition("/")[2]
    folders = [look.folder] if word_of(look.folder) not in SAYS_NOTHING else []
    said = [str(look.model.get("name") or ""), *folders, repository, look.folder]
    return next(filter(None, map(word_of, said)), "app")


def _edge(
    stack: str,
    released: list[str],
    services: Mapping[str, Any],
    files: Mapping[str, Dockerfile],
    answers: Answers,
) -> str:
    """The service that people come to: the one that publishes a port, or says one at all."""
    published = [name for name in released if services[name].get("ports")]
    possible = (
        published
        or [name for name in released if ports_of(services[name], files[name])]
        or released
    )
    needed = {other for one in services.values() for other in one.get("depends_on") or ()}
    likely = sorted(
        possible,
        key=lambda one: (
            not leads_to_others(services[one], released),
            _unlikely(one, stack),
            one in needed,
        ),
    )
    question = Question("service", "Which service do people come to?", likely[0], tuple(likely))
    chosen = answers.to(question, said=likely[0] if len(likely) == 1 else "")
    if chosen not in released:
        raise InputError(
            "choosing the service behind the edge",
            f"{chosen!r} is none that a release starts",
            f"Choose one of {', '.join(released)}",
        )
    return chosen


def _port(edge: str, found: tuple[int, ...], answers: Answers) -> int:
    said = str(found[0]) if len(found) == 1 else ""
    text = answers.to(
        Question(
            "port",
            f"On which port does {edge} listen, inside its container?",
            str(found[0]) if found else "",
            tuple(map(str, found)),
        ),
        said=said,
    )
    if not re.fullmatch(r"[1-9]\d{0,4}", text):
        raise InputError(
            f"asking for the port of {edge}",
            f"{text or 'nothing'} is no port",
            "Say it with --port NUMBER",
        )
    return int(text)


def _unlikely(name: str, stack: str) -> int:
    if name == stack:
        return 1
    return min(_NAMES.get(word, len(_NAMES)) for word in re.split(r"[-_.]", name.lower()))


def _keepers(look: Look, images: Mapping[str, str], roles: Mapping[str, Role]) -> list[str]:
    """Whose volumes and folders are saved: not those of databases, which are dumped, and of caches,
    which may be empty."""
    return [
        name
        for name in look.model["services"]
        if roles[name] != "left out"
        and not engine_of(images[name])
        and not CACHES.search(images[name])
    ]


def _volumes(look: Look, keepers: list[str]) -> tuple[str, ...]:
    """Into which one of them writes. A folder whose path begins with a variable is none, unless a
    volume is its default."""
    written = {one for name in keepers for one in written_volumes(look.model["services"][name])}
    used = map(with_defaults, sorted(written))
    return tuple(name for name in used if name and name in (look.model.get("volumes") or {}))


def _domains(look: Look, name: str, answers: Answers) -> tuple[tuple[Place, str], ...]:
    domain = answers.to(
        Question("domain", "By which host name do people come?", local_domain(look.places, name))
    )
    own = domains_of(look.places, domain)
    return tuple(
        (replace(place, env_file=_env_file(look, place)), own[place.name]) for place in look.places
    )


def _env_file(look: Look, place: Place) -> str:
    """One that is there for this environment; else a name for a new one."""
    names = ENV_FILES[place.kind]
    return next((name for name in names if name in look.env_files), names[0])
