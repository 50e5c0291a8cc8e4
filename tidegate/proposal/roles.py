"""What each service of a compose file is: started by each release, or there once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

from tidegate.facts import ComposeModel
from tidegate.proposal.dockerfile import Dockerfile
from tidegate.stack.variables import with_defaults

Role = Literal["released", "base", "left out"]
ENGINES = {
    "postgresql": re.compile(
        r"(?:^|[/_-])(?:postgres|postgresql|postgis|timescaledb|pgvector)(?:[-_.:@]|\Z)"
    ),
    "mysql": re.compile(r"(?:^|[/_-])(?:mysql|mariadb|percona)(?:-server)?(?:[-_.:@]|\Z)"),
}
CACHES = re.compile(r"(?:^|/)(?:redis|valkey|keydb|dragonfly|memcached|redis-stack)(?:[-_.:@]|\Z)")
_OTHER_DATA = re.compile(
    r"(?:^|/)(?:mongo|mongodb|rabbitmq|elasticsearch|opensearch|minio|kafka|zookeeper|nats|clickhouse(?:-server)?|"
    r"influxdb|meilisearch|typesense|qdrant|weaviate|etcd|couchdb|neo4j|solr|vault)(?:[-_.:@]|\Z)"
)
_ASIDE = re.compile(
    r"(?:^|/)(?:traefik|nginx-proxy|acme-companion|watchtower|portainer(?:-ce)?|adminer|phpmyadmin|pgadmin4?|"
    r"redis-commander|redisinsight|mongo-express|mailhog|mailpit|maildev|mailcatcher)(?:[-_.:@]|\Z)"
)
"""The team's own proxy, and tools of who develops: a release has nothing to do with them."""
_ALONE = re.compile(
    r"\bcelery\b.*\bbeat\b|\bcelery\b.*\bworker\b.*\s(?:-B|--beat)\b|\bcrond?\b|\bsupercronic\b|\bschedule:work\b|"
    r"\brqscheduler\b|\bclockwork\b"
)
"""Commands of what starts work by the clock: two of them would start it twice."""
_TAG = re.compile(r"(?::[^/:}]*)?(?:@.*)?\Z")
FRONTS = re.compile(
    r"(?:^|/)(?:nginx|nginx-unprivileged|caddy|haproxy|httpd|openresty)(?:[-_.:@]|\Z)"
)


def engine_of(image: str) -> str | None:
    """Of the databases that Tidegate saves: `postgresql`, `mysql`."""
    return next((engine for engine, form in ENGINES.items() if form.search(image)), None)


def keeps_data(image: str) -> bool:
    """Whether this image is known to be a database, a cache or a broker."""
    return bool(engine_of(image) or CACHES.search(image) or _OTHER_DATA.search(image))


def roles_of(model: ComposeModel, dockerfiles: Mapping[str, Dockerfile]) -> dict[str, Role]:
    """Released is what is built here. Where nothing is, the application is an image of somebody
    else's: then it is what keeps no data of a known kind. A front such as nginx goes with what it
    leads to."""
    services: Mapping[str, Any] = model["services"]
    data = {
        name
        for name, one in services.items()
        if keeps_data(made_from(one, dockerfiles.get(name, Dockerfile())))
    }
    built = {name for name, one in services.items() if one.get("build")} - data
    aside = _aside(services) - built
    if not built:
        return {
            name: "left out" if name in aside else "base" if name in data else "released"
            for name in services
        }
    fronts = {
        name for name, one in services.items() if name not in data and leads_to_others(one, built)
    }
    return {
        name: "released" if name in built | fronts else "left out" if name in aside else "base"
        for name in services
    }


def leads_to_others(service: Mapping[str, Any], others: Collection[str]) -> bool:
    """Whether it is a front, such as nginx, that starts after one of them."""
    is_front = FRONTS.search(made_from(service, Dockerfile())) is not None
    return is_front and not {*others}.isdisjoint(service.get("depends_on") or {})


def runs_alone(service: Mapping[str, Any]) -> bool:
    """Whether its command says that it must never run twice."""
    said = (service.get("entrypoint"), service.get("command"))
    return (
        _ALONE.search(
            " ".join(" ".join(one) if isinstance(one, list) else str(one or "") for one in said)
        )
        is not None
    )


def _aside(services: Mapping[str, Any]) -> set[str]:
    """What others need to start is not among them."""
    needed = {other for one in services.values() for other in one.get("depends_on") or {}}
    return {
        name for name, one in services.items() if _ASIDE.search(made_from(one, Dockerfile()))
    } - needed


def made_from(service: Mapping[str, Any], dockerfile: Dockerfile) -> str:
    """The image without its tag: `umami:postgresql-v2` is no database."""
    said = (
        dockerfile.base
        if service.get("build") and dockerfile.base
        else str(service.get("image") or "")
    )
    return _TAG.sub("", with_defaults(said) or said)
