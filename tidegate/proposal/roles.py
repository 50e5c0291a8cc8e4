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
"""A proxy of the whole host, and tools of who develops: a release has nothing to do with them."""
_ONCE = re.compile(
    r"(?:^|/)(?:jaeger|all-in-one|prometheus|grafana|loki|promtail|tempo|otel|opentelemetry-collector(?:-contrib)?|"
    r"alertmanager|netdata|uptime-kuma|temporal|auto-setup|keycloak|localstack|registry)(?:[-_.:@]|\Z)"
)
"""What an application uses and is no part of it: each has data or settings of its own, and lives
once."""
_ALONE = re.compile(
    r"\bcelery\b.*\bbeat\b|\bcelery\b.*\bworker\b.*\s(?:-B|--beat)\b|\bcrond?\b|\bsupercronic\b|\bschedule:work\b|"
    r"\brqscheduler\b|\bclockwork\b|^\S*beat\S*\Z|\sbeat\Z"
)
"""Commands of what starts work by the clock: two of them would start it twice."""
_CLOCK_NAME = re.compile(
    r"(?:^|[-_])(?:beat|celerybeat|cron|crond|scheduler|clock|housekeeping)(?:[-_]|\Z)"
)
_ENDING = re.compile(
    r"^(?:(?:ba)?sh\s+-e?c\s+)?[\"']?\s*(?:chown|chmod|mkdir|install)\s(?!.*(?:&&|;|\bexec\b))"
)
"""Commands of what does one thing and ends: it serves nobody."""
_ADDRESS = re.compile(r"[a-z+]+://|git@")
_NONE = Dockerfile()
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
    built = {name for name, one in services.items() if is_built(one)} - data
    aside = _aside(services, dockerfiles)
    built -= aside
    if not built:
        needed = {
            name
            for name, one in services.items()
            if _ONCE.search(made_from(one, _NONE)) or _ASIDE.search(made_from(one, _NONE))
        }
        once = needed - aside
        once = once if len({*services} - data - aside - once) else set()
        return {
            name: "left out" if name in aside else "base" if name in data | once else "released"
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
    is_front = FRONTS.search(made_from(service, _NONE)) is not None
    behind = {*(service.get("depends_on") or {}), *links(service)}
    return is_front and not behind.isdisjoint(others)


def is_built(service: Mapping[str, Any]) -> bool:
    """From files that lie here. What is built from an address and has an image is a vendor's."""
    build = service.get("build") or {}
    return bool(build) and not (
        _ADDRESS.match(str(build.get("context", ""))) and service.get("image")
    )


def runs_alone(service: Mapping[str, Any], name: str = "") -> bool:
    """Whether its command or its name says that it must never run twice."""
    return bool(_ALONE.search(command_of(service)) or _CLOCK_NAME.search(name))


def ends(service: Mapping[str, Any]) -> bool:
    """Whether its command does one thing and ends, where nothing starts it again and compose is not
    told so."""
    return (
        service.get("restart") is None
        and not service.get("deploy")
        and _ENDING.search(command_of(service)) is not None
    )


def command_of(service: Mapping[str, Any]) -> str:
    said = (service.get("entrypoint"), service.get("command"))
    parts = (" ".join(one) if isinstance(one, list) else str(one or "") for one in said)
    return " ".join(filter(None, parts))


def links(service: Mapping[str, Any]) -> list[str]:
    """Names of the services that it links to."""
    return [str(one).partition(":")[0] for one in service.get("links") or ()]


def _aside(services: Mapping[str, Any], dockerfiles: Mapping[str, Dockerfile]) -> set[str]:
    """What others need to start, or speak to, is not among them."""
    needed = {other for one in services.values() for other in one.get("depends_on") or {}}
    said = {name: str(one.get("environment") or "") for name, one in services.items()}
    needed |= {
        name
        for name in services
        for other, text in said.items()
        if other != name and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)
    }
    return {
        name
        for name, one in services.items()
        if _ASIDE.search(made_from(one, dockerfiles.get(name, _NONE)))
    } - needed


def made_from(service: Mapping[str, Any], dockerfile: Dockerfile) -> str:
    """The image without its tag: `umami:postgresql-v2` is no database."""
    said = (
        dockerfile.base
        if service.get("build") and dockerfile.base
        else str(service.get("image") or "")
    )
    return _TAG.sub("", with_defaults(said) or said)
