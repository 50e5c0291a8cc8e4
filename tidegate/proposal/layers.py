"""Compose files that are parts of one application: one of them has the servers that another one
speaks to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.env_files import environment_of
from tidegate.stack.variables import with_defaults

_HOST = re.compile(r"(?:://(?:[^\s/@]*@)?|\A)([a-z][a-z0-9_-]*)(?=[:/]|\Z)")


def layers_of(model: ComposeModel, others: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Of `others`, compose files with the names of their services, those that complete `model`.

    Such a file has a service that `model` speaks to and has not itself, and none that it has too.
    """
    own = {*model["services"]}
    wanted = {host for one in model["services"].values() for host in _hosts(one)} - own
    return tuple(
        file
        for file, services in others.items()
        if own.isdisjoint(services) and not wanted.isdisjoint(services)
    )


def _hosts(service: Mapping[str, Any]) -> Iterator[str]:
    """Names in addresses, `mongodb://mongo:27017/app`, and values that are one name, `db`."""
    for value in environment_of(service).values():
        said = with_defaults(str(value)) if value is not None else None
        yield from _HOST.findall(said or "")
