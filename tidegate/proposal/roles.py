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
        r"(?:^|[/_-])(?:postgres|postgresql|postgis|timescaledb|pgvector|pgautoupgrade|paradedb)(?:[-_.:@]|\Z)"
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
    r"redis-commander|redisinsight|mongo-express|mailhog|mailpit|maildev|mailcatcher|autoheal|dozzle)(?:[-_.:@]|\Z)"
)
"""A proxy of the whole host, and tools of who develops: a release has nothing to do with them."""
_ONCE = re.compile(
    r"(?:^|/)(?:jaeger|all-in-one|prometheus|grafana|loki|promtail|tempo|otel|opentelemetry-collector(?:-contrib)?|"
    r"alertmanager|netdata|uptime-kuma|zipkin|[\w-]+[-_]exporter|cadvisor|temporal|auto-setup|keycloak|localstack|registry)(?:[-_.:@]|\Z)"
)
"""What an application uses and is no part of it: each has data or settings of its own, and lives
once."""
_ALONE = re.compile(
    r"\bcelery\b.*\bbeat\b|\bcelery\b.*\bworker\b.*\s(?:-B|--beat)\b|\bcrond?\b|\bsupercronic\b|\bschedule:work\b|"
    r"\brqscheduler\b|\bclockwork\b|^\S*beat\S*\Z|\sbeat\Z"
)
"""Commands of what starts work by the clock: two of them would start it twice."""
_CLOCK_NAME = re.compile(
    r"(?:^|[-_])(?:beat|celerybeat|cron|crond|scheduler|clock|housekeeping|backups?)(?:[-_]|\Z)"
)
_ENDING = re.compile(
    r"^(?:(?:ba)?sh\s+-e?c\s+)?[\"']?\s*(?:chown|chmod|mkdir|install)\s(?!.*(?:&&|;|\bexec\b))"
)
"""Commands of what does one thing and ends: it serves nobody."""
_ENDING_NAME = re.compile(
    r"(?:^|[-_])(?:init|initiali[sz]er|migrate|migrations?|migrator|setup|seed|seeder|bootstrap|"
    r"configurator|create-?buckets?|(?:fix-)?permissions?)(?:[-_]|\Z)"
)
_DATA_NAME = re.compile(
    r"db\Z|(?:^|[-_.])(?:db|database|postgres|postgresql|mysql|mariadb|mongo|redis|clickhouse|"
    r"elasticsearch|rabbitmq)\d*\Z"
)
_WORKS_ON = re.compile(
    r"(?:^|[-_.])(?:init|migrate|setup|seed|create|wait|backup|restore|upgrade|prepare|check|import|"
    r"fix)(?:[-_.]|\Z)"
)
"""`migrate-db` is no database."""
_FOLDERS = (
    ("postgres", "/var/lib/postgresql", re.compile(r"\bPOSTGRES_(?:USER|PASSWORD|DB)\b")),
    ("mysql", "/var/lib/mysql", re.compile(r"\b(?:MYSQL|MARIADB)_(?:\w+_)?(?:USER|PASSWORD)\b")),
)
_ADDRESS = re.compile(r"[a-z+]+://|git@")
_NONE = Dockerfile()
_TAG = re.compile(r"(?::[^/:}]*)?(?:@.*)?\Z")
_REGISTRY = re.compile(r"\A(?:localhost|[^/]*[.:][^/]*)/")
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
    leads to, and what starts after a released service goes with it. Where only a front or a monitor
    is built, that is not the application."""
    services: Mapping[str, Any] = model["services"]
    made = {name: made_from(one, dockerfiles.get(name, _NONE)) for name, one in services.items()}
    data = {name for name in services if keeps_data(made[name]) or _is_called_data(name, services)}
    aside = _aside(services, dockerfiles) - data
    rest = {*services} - data - aside
    once = {name for name in rest if _ONCE.search(made[name]) or _ASIDE.search(made[name])}
    built = {name for name in rest if is_built(services[name])}
    ours = {name for name in built - once if not FRONTS.search(made[name])}
    released = built | {name for name in rest if leads_to_others(services[name], built)}
    if not ours:  # the application itself is an image of somebody else's
        released |= rest - once or rest
    released = _with_dependents(services, released, rest - once)
    return {
        name: "released" if name in released else "left out" if name in aside else "base"
        for name in services
    }


def _with_dependents(
    services: Mapping[str, Any], released: set[str], possible: set[str]
) -> set[str]:
    """Also what starts after one of them: it belongs to the same application."""
    found = {
        name
        for name in possible - released
        if not released.isdisjoint(services[name].get("depends_on") or ())
    }
    return _with_dependents(services, released | found, possible) if found else released


def _is_called_data(name: str, services: Mapping[str, Any]) -> bool:
    """Whether its name says that it is a database, and it waits for none."""
    return (
        _DATA_NAME.search(name) is not None
        and not _WORKS_ON.search(name)
        and not services[name].get("depends_on")
    )


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
    says_so = _ALONE.search(command_of(service)) or _CLOCK_NAME.search(name)
    return bool(says_so) and not ends(service, name)


def ends(service: Mapping[str, Any], name: str = "") -> bool:
    """Whether its command or its name says that it does one thing and ends, where nothing starts it
    again after that and compose is not told so."""
    restart = str(service.get("restart") or "no")
    if service.get("deploy") or not (restart == "no" or restart.startswith("on-failure")):
        return False
    if _ENDING.search(command_of(service)):
        return service.get("restart") is None
    serves = service.get("ports") or service.get("expose") or service.get("healthcheck")
    return not serves and _ENDING_NAME.search(name.lower()) is not None


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
    """The image without its tag: `umami:postgresql-v2` is no database; and without its registry,
    whose host may be called anything: `registry.example/shop`."""
    said = (
        dockerfile.base
        if service.get("build") and dockerfile.base
        else str(service.get("image") or "")
    )
    plain = _REGISTRY.sub("", _TAG.sub("", with_defaults(said) or said))
    return plain if keeps_data(plain) else _by_its_folder(service) or plain


def _by_its_folder(service: Mapping[str, Any]) -> str:
    """The database whose data folder it has and whose keys it is told, whatever its image is
    called; empty where there is none."""
    targets = [
        str(one.get("target") or "")
        for one in service.get("volumes") or ()
        if isinstance(one, Mapping)
    ]
    told = str(service.get("environment") or "")
    return next(
        (
            name
            for name, folder, keys in _FOLDERS
            if any(one.startswith(folder) for one in targets) and keys.search(told)
        ),
        "",
    )
