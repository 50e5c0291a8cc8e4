"""Passwords that everybody tries first, where a compose file itself gives them to a container. The
setting is named, never the value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.envfile import default_passwords

_OPTION = re.compile(r"--?(?:requirepass|masterauth|(?:[a-z]+-)*(?:password|passwd))")
"""Of a command, before a blank or `=`."""


@dataclass(frozen=True)
class WeakSetting:
    """`path` is that in the compose file: `services.db.environment.POSTGRES_PASSWORD`."""

    path: str
    key: str
    service: str


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
        for key in default_passwords(environment):
            yield WeakSetting(f"services.{name}.environment.{key}", key, name)
        for option in _weak_options(service, accepted):
            yield WeakSetting(f"services.{name}.command", option, name)


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
