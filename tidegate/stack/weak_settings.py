"""Passwords that everybody tries first, where a compose file itself gives them to a container:
known ones, names, and what an example says to replace. The setting is named, never the value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.secrecy.plain_values import looks_secret
from tidegate.stack.envfile import DEFAULT_PASSWORD, default_passwords

_OPTION = re.compile(r"--?(?:requirepass|masterauth|(?:[a-z]+-)*(?:password|passwd))")
"""Of a command, before a blank or `=`."""
_TO_REPLACE = re.compile(
    r"<[^<>]*>|(?:change|replace|fill)[-_ ]?(?:me|this|it|in)(?![a-z\d])|"
    r"(?:put|enter|insert|set)[-_ ]?(?:your|a|me|here|password|secret|key|token)(?![a-z\d])|"
    r"please[-_ ]?change|your[-_ ]|placeholder(?![a-z\d])|(?:to-?do|fix-?me|dummy)\Z|x{3,}\Z",
    re.IGNORECASE,
)
"""How the value of an example begins."""
_OF_A_NAME = re.compile(r"(?:^|_)(?:USER(?:NAME)?|LOGIN|DB|DATABASE|NAME)\Z", re.IGNORECASE)
"""Keys whose value many a password repeats."""
_OF_A_PASSWORD = re.compile(r"(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET)\d*\Z", re.IGNORECASE)
"""A token or a key may well be called like a service: `CACHE_KEY: shop`."""
PLACEHOLDER = "holds what an example says to replace"
A_NAME = "holds a name (of a user, a database, the service or its image), which everybody tries"


@dataclass(frozen=True)
class WeakSetting:
    """`path` is that in the compose file: `services.db.environment.POSTGRES_PASSWORD`."""

    path: str
    key: str
    service: str
    fault: str = DEFAULT_PASSWORD


def weak_settings(
    model: ComposeModel,
    left_out: Collection[str],
    told: Collection[str],
    accepted: Collection[str],
) -> Iterator[WeakSetting]:
    """Of all services but those `left_out`. `told` are keys of which people hear otherwise,
    `accepted` are values that the stack file accepts under another key."""
    for name, service in model["services"].items():
        if name in left_out:
            continue
        environment = {
            key: str(value)
            for key, value in (service.get("environment") or {}).items()
            if key not in told and value is not None and value not in accepted
        }
        known, names = {*default_passwords(environment)}, _names_of(name, service)
        for key, value in environment.items():
            if fault := DEFAULT_PASSWORD if key in known else _weak(key, value.strip(), names):
                yield WeakSetting(f"services.{name}.environment.{key}", key, name, fault)
        for option in _weak_options(service, accepted):
            yield WeakSetting(f"services.{name}.command", option, name)


def _weak(key: str, value: str, names: Collection[str]) -> str:
    """What is wrong with it; empty where nothing is."""
    if not value or not looks_secret(key):
        return ""
    if _OF_A_PASSWORD.search(key) and value.lower() in names:
        return A_NAME
    return PLACEHOLDER if _TO_REPLACE.match(value) else ""


def _names_of(name: str, service: Mapping[str, Any]) -> set[str]:
    """In lower case. A number is no name."""
    image = re.split(r"[:@]", str(service.get("image") or "").rpartition("/")[2])[0]
    said = [
        str(value)
        for key, value in (service.get("environment") or {}).items()
        if _OF_A_NAME.search(key) and not looks_secret(key)
    ]
    return {one.strip().lower() for one in (name, image, *said) if not one.isdigit()} - {""}


def _weak_options(service: Mapping[str, Any], accepted: Collection[str]) -> Iterator[str]:
    """The options of its command that say one."""
    words = [word for one in _words(service.get("command")) for word in one.split()]
    for place, word in enumerate(words):
        option, has_value, value = word.partition("=")
        given = value if has_value else next(iter(words[place + 1 :]), "")
        bare = given.strip("\"'")
        if (
            _OPTION.fullmatch(option)
            and bare not in accepted
            and default_passwords({"PASSWORD": bare})
        ):
            yield option


def _words(command: object) -> Sequence[str]:
    if isinstance(command, str):
        return [command]
    return [str(one) for one in command] if isinstance(command, list) else []
