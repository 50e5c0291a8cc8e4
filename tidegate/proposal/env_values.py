"""The env file of a new environment: which keys it needs, which values are known, and which a
person must give."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.proposal.databases import ANY_PASSWORD
from tidegate.secrecy.plain_values import holds_secret, looks_secret
from tidegate.stack.env_files import environment_of
from tidegate.stack.envfile import default_passwords
from tidegate.stack.variables import OF_COMPOSE, Variable, variables_in, with_defaults

_OF_ITS_OWN = re.compile(
    r"(?:DJANGO_|FLASK_|RAILS_|AUTH_|NEXTAUTH_|BETTER_AUTH_|ADMIN_)?(?:SECRET_KEY|SECRET_KEY_BASE|APP_KEY|APP_SECRET|JWT_SECRET|SESSION_SECRET|"
    r"COOKIE_SECRET|AUTH_SECRET|SECRET|SIGNING_KEY|HASH_SALT)"
)
"""What an application only compares with itself: any random text is right."""
_LOGIN = re.compile(r"(?:DB|DATABASE|POSTGRES|PG|MYSQL|MARIADB|SQL)\w*PASS", re.IGNORECASE)
_NO_SECRET = re.compile(r"\d{1,6}|true|false|yes|no|on|off|null|none", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"://[^\s:/@${}]+:([^\s@/${}]+)@")
_PLACEHOLDER = re.compile(
    r"change|example|your|xxx|todo|replace|secret|placeholder|tobemodified|<", re.IGNORECASE
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
    required: tuple[str, ...] = ()
    """Of the keys, those without which the application does not work, and which Compose does not
    ask for."""

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
    known: Mapping[str, str],
    wanted: Iterable[str],
    make_secret: Callable[[], str] | None,
    example: Mapping[str, str] = {},
    logins: Collection[str] = (),
) -> EnvFile:
    """`known` is what the compose files and the team's own example say, `wanted` are keys that
    stack.yaml names. `example` has its secrets too, and `logins` are keys by which databases and
    caches of this environment are told their passwords.

    With `make_secret`, a value is made up for these, since they start with it for the first time,
    and for what an application only compares with itself. Where the example says the same password
    twice, so does this file.
    """
    needed = [one.name for one in _needed(model, weak=make_secret is not None)]
    keys = tuple(dict.fromkeys([*needed, *wanted]))
    values: dict[str, str] = {}
    made_up: dict[str, str] = {}
    for key in keys:
        is_made = make_secret is not None and key in logins
        public = {example.get(key), *_defaults(model, key)} if is_made else set()
        if key in known and not _is_poor(model, key, known[key], public):
            values[key] = known[key]
        elif make_secret and (key in logins or (looks_secret(key) and _is_free(model, key))):
            same = _same_login(key, made_up, example)
            values[key] = made_up[key] = made_up[same] if same else make_secret()
    for key in keys:
        if key not in values and (same := _same_login(key, made_up, example)):
            values[key] = made_up[key] = made_up[same]
        elif key not in values and (
            address := _with_made_up(example.get(key, ""), made_up, example)
        ):
            values[key] = address
    missing = tuple(key for key in keys if key not in values)
    own = tuple(key for key in keys if key not in needed and _OF_ITS_OWN.fullmatch(key))
    return EnvFile(keys, values, tuple(made_up), missing, required=own)


def keys_without_value(model: ComposeModel, services: Iterable[str]) -> list[str]:
    """Which compose takes from the env file: `environment: [KEY]`, and `environment:` of a
    secret."""
    declared, found = model.get("secrets") or {}, list[str]()
    for name in services:
        service = model["services"][name]
        found += [key for key, value in environment_of(service).items() if value is None]
        secrets = (declared.get(one["source"]) or {} for one in service.get("secrets") or ())
        found += [one["environment"] for one in secrets if "environment" in one]
    return list(dict.fromkeys(found))


def _is_free(model: ComposeModel, key: str) -> bool:
    """Whether any random text is right for it."""
    return _OF_ITS_OWN.fullmatch(key) is not None or any(
        one.name == key for one in _weak_defaults(model)
    )


def _same_login(key: str, made_up: Mapping[str, str], example: Mapping[str, str]) -> str | None:
    """The key of a password made up that the example says is this one: the server of a database and
    who asks it are often told under two names."""
    value = example.get(key)
    if not value or not _LOGIN.search(key) or "ROOT" in key:
        return None
    return next((one for one in made_up if _LOGIN.search(one) and example.get(one) == value), None)


def _with_made_up(
    address: str, made_up: Mapping[str, str], example: Mapping[str, str]
) -> str | None:
    """An address of the example with the password that was made up in the place of its own."""
    found = _IN_ADDRESS.search(address)
    key = next((one for one in made_up if found and example.get(one) == found[1]), None)
    return (
        address[: found.start(1)] + made_up[key] + address[found.end(1) :]
        if found and key
        else None
    )


def _is_poor(model: ComposeModel, key: str, value: str, public: Collection[str | None]) -> bool:
    """A place holder for a secret; or, where a better one can be made, a password that is empty or
    `public`, or that everybody knows, unless the compose files say it in an address too. Nothing is
    public where none can be made."""
    is_made = bool(public)
    if not (is_made or looks_secret(key)) or value == ANY_PASSWORD:
        return False
    if value in _in_addresses(model):
        return False
    if _PLACEHOLDER.search(value) or (not value and _OF_ITS_OWN.fullmatch(key)):
        return True
    is_known = value in public or bool(default_passwords({key: value}, (key,)))
    return is_made and (not value or is_known)


def _defaults(model: ComposeModel, key: str) -> set[str | None]:
    return {one.default for one in variables_in(model) if one.name == key}


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
        if not _is_secret(key, value) and not _PLACEHOLDER.search(value)
    }


def _is_secret(key: str, value: str) -> bool:
    if not value:
        return looks_secret(key)
    return not _NO_SECRET.fullmatch(value) and holds_secret(key, value)


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


def _needed(model: ComposeModel, *, weak: bool) -> list[Variable]:
    """In the order of their names, those without which the compose file cannot be read; with `weak`
    also those whose default is a password that everybody tries first."""
    asked = (one for one in variables_in(model) if one.name not in OF_COMPOSE)
    needed = {one.name: one for one in asked if one.default is None}
    needed |= {one.name: one for one in _weak_defaults(model)} if weak else {}
    return [needed[name] for name in sorted(needed)]


def _weak_defaults(model: ComposeModel) -> Iterator[Variable]:
    addresses = _in_addresses(model)
    for one in variables_in(model):
        is_weak = one.default and default_passwords({one.name: one.default})
        if is_weak and one.default not in addresses:
            yield one


def _quoted(value: str) -> str:
    """As compose reads it again. In single quotes a backslash stands for itself, but not before a
    quote."""
    if re.fullmatch(r"[A-Za-z0-9_./:@,+=-]*", value):
        return value
    if "\\'" in value or value.endswith("\\"):
        return '"' + re.sub(r'([\\"$])', r"\\\1", value).replace("\n", "\\n") + '"'
    return "'" + value.replace("'", "\\'") + "'"
