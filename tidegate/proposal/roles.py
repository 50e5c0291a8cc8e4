"""What each service of a compose file is: started by each release, or there once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from tidegate.facts import ComposeModel
from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.variables import with_defaults

Role = Literal["released", "base"]
ENGINES = {
    "postgresql": re.compile(r"(?:^|[/_-])(?:postgres|postgresql|postgis|timescaledb|pgvector)(?:[-_.:@]|\Z)"),
    "mysql": re.compile(r"(?:^|[/_-])(?:mysql|mariadb|percona)(?:-server)?(?:[-_.:@]|\Z)")}
CACHES = re.compile(r"(?:^|/)(?:redis|valkey|keydb|dragonfly|memcached|redis-stack)(?:[-_.:@]|\Z)")
_OTHER_DATA = re.compile(
    r"(?:^|/)(?:mongo|mongodb|rabbitmq|elasticsearch|opensearch|minio|kafka|zookeeper|nats|clickhouse(?:-server)?|"
    r"influxdb|meilisearch|typesense|qdrant|weaviate|etcd|couchdb|neo4j|solr|vault)(?:[-_.:@]|\Z)")
_TAG = re.compile(r"(?::[^/:}]*)?(?:@.*)?\Z")
FRONTS = re.compile(r"(?:^|/)(?:nginx|nginx-unprivileged|caddy|haproxy|httpd|openresty)(?:[-_.:@]|\Z)")


def engine_of(image: str) -> str | None:
    """Of the databases that Tidegate saves: `postgresql`, `mysql`."""
    return next((engine for engine, form in ENGINES.items() if form.search(image)), None)


def keeps_data(image: str) -> bool:
    """Whether this image is known to be a database, a cache or a broker."""
    return bool(engine_of(image) or CACHES.search(image) or _OTHER_DATA.search(image))


def roles_of(model: ComposeModel, dockerfiles: Mapping[str, Dockerfile]) -> dict[str, Role]:
    """Released is what is built here. Where nothing is, the application is an image of somebody else's: then it is what
    keeps no data of a known kind. A front such as nginx goes with what it leads to."""
    services: Mapping[str, Any] = model["services"]
    data = {name for name, one in services.items()
            if keeps_data(made_from(one, dockerfiles.get(name, Dockerfile())))}
    built = {name for name, one in services.items() if one.get("build")} - data
    if not built:
        return {name: "base" if name in data else "released" for name in services}
    fronts = {name for name, one in services.items()
              if name not in data and FRONTS.search(made_from(one, Dockerfile()))
              and built & {*(one.get("depends_on") or {})}}
    return {name: "released" if name in built | fronts else "base" for name in services}


def made_from(service: Mapping[str, Any], dockerfile: Dockerfile) -> str:
    """The image without its tag: `umami:postgresql-v2` is no database."""
    said = dockerfile.base if service.get("build") and dockerfile.base else str(service.get("image") or "")
    return _TAG.sub("", with_defaults(said) or said)
