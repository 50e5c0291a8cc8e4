"""A stack file for a folder that has none: looks at its files, and writes what was decided. Nothing
is overwritten."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tasks.frame import adapters
from tasks.plan.application import Application
from tasks.plan.env_examples import example_in, example_of
from tasks.plan.file_text import file_text
from tidegate.errors import InputError
from tidegate.proposal.asked_for import asked_for, in_folder
from tidegate.proposal.compose_files import (
    ENV_FILES,
    MAIN,
    Place,
)
from tidegate.proposal.dockerfile import Dockerfile, read_dockerfile
from tidegate.proposal.env_values import (
    EnvFile,
    env_file_of,
    is_said,
    keys_without_value,
    plain_examples,
)
from tidegate.proposal.front_files import with_leads
from tidegate.proposal.look import PROJECT, Look, ProductionEnv
from tidegate.proposal.own_env_files import as_one, env_files_in_git, env_files_of_servers
from tidegate.proposal.own_logins import own_logins
from tidegate.proposal.proposed import Proposed, propose
from tidegate.proposal.questions import Answers
from tidegate.proposal.remarks import unseen_sources
from tidegate.proposal.stack_text import stack_text
from tidegate.stack.catalogue import STACK_FILE
from tidegate.stack.env_files import env_files_of
from tidegate.stack.envfile import read_env_as_far
from tidegate.stack.faults import faults_in, schema_of
from tidegate.stack.file import Stack
from tidegate.stack.roles import without_left_out
from tidegate.stack.unread import read_part
from tidegate.stack.variables import variables_in, with_defaults

_CONFIGURATIONS = ("*.conf", "*.conf.template", "*.cfg", "Caddyfile", "*.caddy")
"""Of nginx, HAProxy and Caddy, in a folder that is mounted."""


@dataclass(frozen=True)
class Written:
    """`files` are new, `lines` those of stack.yaml; `missing` are env keys that a person must give,
    by file."""

    stack: str
    first: str
    """The environment to which a release goes first."""
    files: tuple[str, ...]
    env_files: tuple[str, ...]
    lines: int
    asked: int
    made_up: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]
    newest: str
    keys_of: str = ""
    """The env file of production, where that alone says which keys there are."""
    shared: tuple[str, ...] = ()
    """What the environments would have of each other on one host."""
    unseen: tuple[str, ...] = ()
    """Services that are built by a Dockerfile of this folder, and it is not there."""
    needs_commit: bool = False
    """Whether it is built here, and git has no commit yet."""


def begin(
    application: Application,
    answers: Answers,
    make_secret: Callable[[], str] = lambda: secrets.token_hex(16),
    places: Sequence[Place] = (),
    prepare: Callable[[Collection[str]], None] = lambda env_files: None,
) -> Written:
    """Look at it, ask, and write what is missing in its folder; `places` are its environments where
    they are known already, and `prepare` is called before the first file. Raises InputError, and
    StackFileError for a compose file that cannot be read."""
    folder = application.folder
    if os.path.lexists(folder / STACK_FILE):
        raise InputError(
            f"writing {folder / STACK_FILE}",
            "it is there",
            "`tidegate check` says what is wrong with it. To begin anew, move it away, and its env "
            "files with it",
        )
    one = _of_what_is_read(propose(look_at(application, places), answers))
    envs = {
        place.env_file: _env_file(one, None if place.kind == "production" else make_secret)
        for place, _ in one.places
    }
    text = stack_text(one, {name: env.required for name, env in envs.items()})
    _refuse_faulty(text)
    prepare(envs)
    files = {STACK_FILE: text, **{f"{name}.example": env.template() for name, env in envs.items()}}
    made = [name for name, content in files.items() if _write(folder / name, content)]
    private = {name: env for name, env in envs.items() if _write(folder / name, env.text(), 0o600)}
    return Written(
        one.name,
        one.places[0][0].name,
        (*made, *private),
        tuple(envs),
        len([line for line in text.splitlines() if not line.startswith("#")]),
        len(answers.asked),
        {name: env.made_up for name, env in private.items() if env.made_up},
        {name: env.missing for name, env in private.items() if env.missing},
        one.look.left_out,
        one.look.repository.newest if one.builds else one.tag,
        one.look.production.file if one.look.production and private else "",
        one.shared,
        tuple(unseen_sources(one.look, one.services)),
        bool(one.builds) and not one.look.repository.newest,
    )


def look_at(application: Application, known: Sequence[Place] = ()) -> Look:
    """Its compose files, the Dockerfiles that they name, and what git says. Nothing is started and
    no value is needed."""
    folder, at, files = application.folder, application.at, application.files
    places = tuple(known) or application.places
    written = adapters.as_written([folder / name for name in places[0].files], PROJECT)
    example = example_in(at) or example_in(folder)
    repository = adapters.repository_at(folder)
    model, profiles = asked_for(in_folder(written, str(at), example), example)
    model = with_leads(model, _configuration)
    first = str(Path(application.below, ".env"))
    own = env_files_of_servers(model, str(folder), repository.tracked, first)
    own, said = as_one(
        own,
        {
            name: example_of(folder, name, is_tracked=str(folder / name) in repository.tracked)
            for name in own
        },
    )
    example = {**example, **said}
    read = {name for place in places for name in place.files}
    seen = [one for one in (files.main, files.staging, files.production, *files.others) if one]
    second = [str(Path(application.below, one)) for one in MAIN if (at / one).is_file()]
    seen += [one for one in second if one not in seen]
    named = {name: service for name, service in model["services"].items() if service.get("build")}
    return Look(
        folder.name,
        str(folder),
        repository,
        places,
        _own_name(model),
        {name: _dockerfile(service["build"]) for name, service in named.items()},
        example,
        frozenset(one.name for one in folder.glob(".env*")),
        tuple(one for one in seen if one not in read),
        profiles,
        own,
        _unasked(written["services"], model["services"]),
        None if example else _of_production(application, own),
    )


def _unasked(written: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Service -> its profiles, of those that are written and not started."""
    return {
        name: tuple(one["profiles"])
        for name, one in written.items()
        if name not in asked and one.get("profiles")
    }


def _own_name(model: Mapping[str, Any]) -> dict[str, Any]:
    """Compose gives the project's name where the file has none of its own."""
    return {**model, "name": "" if model.get("name") == PROJECT else model.get("name", "")}


def _dockerfile(build: Mapping[str, Any]) -> Dockerfile:
    if "dockerfile_inline" in build:
        return read_dockerfile(build["dockerfile_inline"], build.get("target", ""))
    file = Path(build.get("context", ".")) / build.get("dockerfile", "Dockerfile")
    return read_dockerfile(file_text(file), with_defaults(build.get("target", "")) or "")


def _configuration(service: Mapping[str, Any]) -> str:
    """What a service is given to read, of files and of folders with `.conf` and the like."""
    mounts = [one for one in service.get("volumes") or () if one.get("type") == "bind"]
    sources = [Path(str(one.get("source") or "")) for one in mounts]
    inside = (one for source in sources for name in _CONFIGURATIONS for one in source.glob(name))
    return "\n".join(map(file_text, (*sources, *inside)))


def _of_production(application: Application, own: Sequence[str]) -> ProductionEnv | None:
    """The env file of production, beside the compose files or the stack file; or else the files
    that this server has for itself."""
    folder = application.folder
    beside = [str(Path(application.below, name)) for name in ENV_FILES["production"]]
    likely = (name for name in (*beside, *ENV_FILES["production"]) if (folder / name).is_file())
    named = next(likely, None)
    names = [named] if named else [name for name in own if (folder / name).is_file()]
    values = _merged(read_env_as_far(folder / name)[0] for name in names)
    empty = frozenset(key for key, value in values.items() if not value)
    return ProductionEnv(", ".join(names), tuple(values), empty) if values else None


def _of_what_is_read(one: Proposed) -> Proposed:
    """Without the env files that only services name that are left out."""
    services = without_left_out(one.look.model, one.left_out)["services"].values()
    named = (path for service in services for path in env_files_of(service, {}))
    read = {os.path.relpath(path, one.look.path) for path in named}
    own = tuple(name for name in one.look.env_file_as if name in read)
    return replace(one, look=replace(one.look, env_file_as=own))


def _env_file(one: Proposed, make_secret: Callable[[], str] | None) -> EnvFile:
    """Production's secrets are never made up: its data may be there already."""
    model = read_part(one.look.model, one.left_out, {"COMPOSE_PROFILES": "*"})
    tracked = one.look.repository.tracked
    known = {
        **plain_examples(one.look.example),
        **_merged(database.values for database in one.databases),
        **(places := _values_of_places(one)),
        **({"COMPOSE_PROFILES": ",".join(one.look.profiles)} if one.look.profiles else {}),
    }
    variables = {variable.name for variable in variables_in(model)}
    wanted = [*places, *(["COMPOSE_PROFILES"] if one.look.profiles else [])]
    for database in one.databases:
        asked = [*one.services, database.service]
        files = map(Path, env_files_in_git(model, asked, tracked))
        told = _merged(read_env_as_far(file)[0] for file in files)
        wanted += [
            key
            for key in database.keys.values()
            if key in variables or (key not in told and not is_said(model, asked, key))
        ]
    own = one.look.env_file_as
    if own:
        known = {**{key: "" for key, value in one.look.example.items() if not value}, **known}
        wanted += [*one.look.example]
    if produced := one.look.production:
        known = {**dict.fromkeys(produced.empty, ""), **known}
        wanted += produced.keys
    example, logins = one.look.example, own_logins(model, one.keepers)
    logins |= {
        database.keys["password_key"]
        for database in one.databases
        if own and model["services"][database.service].get("env_file")
    }
    wanted += keys_without_value(model, [*one.services, *one.base])
    found = env_file_of(model, known, wanted, make_secret, example, logins)
    return replace(found, keys_of=produced.file) if produced else found


def _values_of_places(one: Proposed) -> dict[str, str]:
    """What stack.yaml names by `${NAME}` must have a value, also where the compose files have a
    default: `${DATA:-./data}`."""
    named = {found.name for found in variables_in([*one.mounts.written, *one.mounts.read_only])}
    defaults = {found.name: found.default for found in variables_in(one.look.model)}
    return {name: said for name, said in defaults.items() if said and name in named}


def _merged(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {key: value for part in parts for key, value in part.items()}


def _refuse_faulty(text: str) -> None:
    """What a person answered may be nothing that a stack file can hold. Raises InputError."""
    try:
        Stack.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        raise InputError(
            f"putting {STACK_FILE} together",
            "; ".join(faults_in(error.errors(), schema_of(Stack))),
            "Give other answers; `tidegate init --help` lists the options",
        ) from None


def _write(file: Path, text: str, mode: int = 0o644) -> bool:
    """Whether it is new: what is there stays as it is."""
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return False
    except OSError as error:
        raise InputError(
            f"writing {file}", str(error.strerror), "Choose a folder that you may write to"
        ) from None
    with os.fdopen(opened, "w", encoding="utf-8") as stream:
        stream.write(text)
    return True
