"""The env file of a new environment: which keys it needs, which values are known, and which a
person must give."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.proposal.databases import environment_of
from tidegate.secrecy.plain_values import holds_secret, looks_secret
from tidegate.stack.env_files import env_files_of
from tidegate.stack.envfile import default_passwords
from tidegate.stack.variables import Variable, variables_in, with_defaults

_OF_ITS_OWN = re.compile(
    r"(?:DJANGO_|FLASK_|RAILS_|AUTH_|NEXTAUTH_|BETTER_AUTH_)?(?:SECRET_KEY|SECRET_KEY_BASE|APP_SECRET|JWT_SECRET|SESSION_SECRET|"
    r"COOKIE_SECRET|AUTH_SECRET|SECRET|SIGNING_KEY|HASH_SALT)"
)
"""What an application only compares with itself: any random text is right."""
_OWN_NAME = re.compile(r"(?:^|/)\.env(?:\.[\w-]+)?\Z")
_IN_ADDRESS = re.compile(r"://[^\s:/@${}]+:([^\s@/${}]+)@")
_PLACEHOLDER = re.compile(
    r"change|example|your|xxx|todo|replace|secret|placeholder|<", re.IGNORECASE
)


@dataclass(frozen=True)
class EnvFile:
    """`values` has every key that is known; `made_up` are those with a random value; `missing` are
    left to a person."""

    keys: tuple[str, ...]
    values: Mapping[str, str]
    made_up: tuple[str, ...]
    missing: tuple[str, ...]
    keys_of: str = ""
    """Another env file, where that one says which keys there are."""

    def template(self) -> str:
        """Keys and no values: it goes into git."""
        return "".join([*self._said, *(f"{key}=\n" for key in self.keys)])

    def text(self) -> str:
        """What is missing is a comment: an empty value would be taken for one."""
        lines = [f"{key}={_quoted(self.values[key])}\n" for key in self.keys if key in self.values]
        return "".join([*self._said, *lines, *(f"# {key}=\n" for key in self.missing)])

    @property
    def _said(self) -> list[str]:
        return [f"# The keys of {self.keys_of}, without its values.\n"] if self.keys_of else []


def env_file_of(
    model: ComposeModel,
    base: Collection[str],
    known: Mapping[str, str],
    wanted: Iterable[str],
    make_secret: Callable[[], str] | None,
) -> EnvFile:
    """`known` is what the compose files and the team's own example say, `wanted` are keys that
    stack.yaml names.

    With `make_secret`, a password that base services of this environment are given is made up: they
    start with it for the first time.
    """
    needed = [one.name for one in _needed(model)]
    keys = tuple(dict.fromkeys([*needed, *wanted]))
    of_base = {one.name for name in base for one in variables_in(model["services"][name])}
    values: dict[str, str] = {}
    made_up = []
    for key in keys:
        is_made = bool(make_secret) and looks_secret(key) and key in of_base
        if key in known and not _is_poor(model, key, known[key], is_made):
            values[key] = known[key]
        elif make_secret and (is_made or (looks_secret(key) and _OF_ITS_OWN.fullmatch(key))):
            values[key] = make_secret()
            made_up.append(key)
    return EnvFile(keys, values, tuple(made_up), tuple(key for key in keys if key not in values))


def _is_poor(model: ComposeModel, key: str, value: str, is_made: bool) -> bool:
    """A place holder for a secret; or a password that everybody knows where a better one can be
    made, unless the compose files say it in an address too."""
    if not looks_secret(key):
        return False
    if _PLACEHOLDER.search(value) and value not in _in_addresses(model):
        return True
    return is_made and bool(default_passwords({key: value})) and value not in _in_addresses(model)


def _in_addresses(tree: Any) -> set[str]:
    """Passwords that stand in addresses, plainly or as a default: `postgres://user:password@db`."""
    if isinstance(tree, str):
        return set(_IN_ADDRESS.findall(tree))
    inner = tree.values() if isinstance(tree, Mapping) else tree if isinstance(tree, list) else ()
    return set().union(*map(_in_addresses, inner))


def plain_examples(example: Mapping[str, str]) -> dict[str, str]:
    """Of a team's example, what is no secret and no placeholder. Empty is what it leaves so."""
    return {
        key: value
        for key, value in example.items()
        if not (holds_secret(key, value) if value else looks_secret(key))
        and not _PLACEHOLDER.search(value)
    }


def env_files_of_servers(
    model: ComposeModel, folder: str, tracked: Collection[str]
) -> tuple[str, ...]:
    """Names of the env files that `env_file:` names and git does not have: each server has its
    own."""
    named = [
        os.path.relpath(path, folder)
        for service in model["services"].values()
        for path in env_files_of({"env_file": service.get("env_file")}, {})
        if "$" not in path and path not in tracked
    ]
    own = (one for one in named if not one.startswith("..") and _OWN_NAME.search(one))
    return tuple(dict.fromkeys(own))


def env_files_in_git(
    model: ComposeModel, services: Iterable[str], tracked: Collection[str]
) -> set[str]:
    """Paths of the env files of `services` that git has."""
    named = (
        path
        for name in services
        for path in env_files_of({"env_file": model["services"][name].get("env_file")}, {})
    )
    return {path for path in named if path in tracked}


def is_said(model: ComposeModel, services: Iterable[str], key: str) -> bool:
    """Whether the compose files give it to one of `services`: then no env file needs it."""
    for name in services:
        environment = environment_of(model["services"][name])
        if f"{key}_FILE" in environment:
            return True
        value = environment.get(key)
        if value is not None and with_defaults(str(value)) is not None:
            return True
    return False


def _needed(model: ComposeModel) -> list[Variable]:
    """In the order of their names, those without which the compose file cannot be read."""
    needed = {one.name: one for one in variables_in(model) if one.default is None}
    return [needed[name] for name in sorted(needed)]


def _quoted(value: str) -> str:
    return (
        value
        if re.fullmatch(r"[A-Za-z0-9_./:@,+=-]*", value)
        else "'" + value.replace("'", "\\'") + "'"
    )
