"""The names of a stack that everybody reads anyway: hiding them would hide nothing, and blacken
every page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from tidegate.facts import ComposeModel
from tidegate.stack.environments import Environment
from tidegate.stack.file import Stack

_KEY_OF_COMPOSE = re.compile(
    r"^\s{0,40}(?:- )?[\"']?([A-Za-z0-9][\w.-]{0,100})[\"']?:(?:\s|$)", re.MULTILINE
)
_NAME_IN_COMPOSE = re.compile(
    r"^\s{0,40}(?:container_name|hostname|image|name):\s{0,10}[\"']?([\w.:/@-]{1,200})[\"']?\s{0,10}$",
    re.MULTILINE,
)
_ALIASES = re.compile(r"aliases:\s{0,5}\[([^\]]{0,500})\]")


def known_names(
    stack: Stack,
    environment: Environment,
    values: Mapping[str, str],
    compose_files: Collection[str],
) -> frozenset[str]:
    """In lower case. `compose_files` are the files' texts: their keys are the names of services,
    networks and volumes."""
    names = {
        *_of_stack(stack),
        *environment.hosts,
        *environment.domains_of,
        *(line.name for line in environment.known_as),
        *(line.network for line in environment.known_as),
        *environment.shares_names_with,
        environment.host,
        environment.image_alias,
    }
    names |= {values.get(key, "") for key in _keys_of_names(stack)}
    for text in compose_files:
        names.update(_of_compose(text))
    return frozenset(name.strip().lower() for name in names if name.strip())


def names_in_model(stack: Stack, model: ComposeModel) -> frozenset[str]:
    """The same of the words in names of services, and of what the compose files say under the keys
    that hold names."""
    keys, services = {*_keys_of_names(stack)}, model.get("services", {})
    words = {word for name in services for word in re.split(r"[-_.]", name)}
    return frozenset(words) | frozenset(
        str(value)
        for service in services.values()
        for key, value in (service.get("environment") or {}).items()
        if key in keys and value
    )


def _keys_of_names(stack: Stack) -> Iterator[str]:
    """The stack file says that these hold names."""
    for one in stack.databases:
        yield from one.name_keys


def _of_stack(stack: Stack) -> Iterator[str]:
    yield from (stack.name, stack.title, *stack.aliases, *stack.environments)
    if stack.source:
        yield stack.source.branch
        for name, further in stack.source.further.items():
            yield from (name, further.branch or "")
    for service in stack.services:
        yield from filter(None, (service.name, service.image))
    for database in stack.databases:
        yield from (database.name, database.service or "")
    yield from stack.state.volumes


def _of_compose(text: str) -> Iterator[str]:
    yield from _KEY_OF_COMPOSE.findall(text)
    yield from _NAME_IN_COMPOSE.findall(text)
    for aliases in _ALIASES.findall(text):
        yield from re.split(r"[,\s\"']+", aliases)
