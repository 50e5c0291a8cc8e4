"""Env keys of logins that only this stack's own services tell each other: a new environment may
have any value for them. What third parties are told (a VPN, a store for backups) is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.env_files import environment_of
from tidegate.stack.variables import variables_in

_PASSWORD = re.compile(
    r"(?:POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|DB|MONGO|MONGO_INITDB|RABBITMQ|REDIS|VALKEY|MINIO|"
    r"CLICKHOUSE|ELASTIC|OPENSEARCH|COUCHDB|INFLUXDB|MEILI|TYPESENSE|NEO4J|QDRANT)_?\w*"
    r"(?:PASS|PASSWORD|MINIO_SECRET_KEY|_AUTH|MASTER_KEY|API_KEY)",
)
"""By which the images of databases, caches and brokers are told the logins that they make."""
_FILE = "_FILE"


def own_logins(model: ComposeModel, services: Iterable[str]) -> set[str]:
    """Those of `services`, which keep the data of this stack."""
    return {key for name in services for key in _of_service(model, model["services"][name])}


def _of_service(model: ComposeModel, service: Mapping[str, Any]) -> Iterator[str]:
    for name, value in environment_of(service).items():
        if _PASSWORD.fullmatch(name):
            yield from [name] if value is None else _named(value)
        elif _PASSWORD.fullmatch(name.removesuffix(_FILE)):
            yield from _behind(model, service, str(value))
    for part in ("command", "entrypoint"):  # `redis-server --requirepass ${REDIS_PASSWORD}`
        yield from (one for one in _named(service.get(part)) if "PASS" in one.upper())


def _named(tree: Any) -> Iterator[str]:
    return (one.name for one in variables_in(tree))


def _behind(model: ComposeModel, service: Mapping[str, Any], path: str) -> Iterator[str]:
    """The env key of the compose secret that lies at `path`."""
    for one in service.get("secrets") or ():
        declared = (model.get("secrets") or {}).get(one["source"]) or {}
        is_there = path.endswith(f"/{one.get('target') or one['source']}")
        if is_there and "environment" in declared:
            yield declared["environment"]
