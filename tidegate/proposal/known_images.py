"""What the name of an image tells of the service that has it."""

from __future__ import annotations

import re

ENGINES = {
    "postgresql": re.compile(
        r"(?:^|[/_-])(?:postgres|postgresql|postgis|timescaledb|pgvector|pgautoupgrade|paradedb)(?:[-_.:@]|\Z)"
    ),
    "mysql": re.compile(r"(?:^|[/_-])(?:mysql|mariadb|percona)(?:-server)?(?:[-_.:@]|\Z)"),
}
CACHES = re.compile(r"(?:^|/)(?:redis|valkey|keydb|dragonfly|memcached|redis-stack)(?:[-_.:@]|\Z)")
_OTHER_DATA = re.compile(
    r"(?:^|/)(?:mongo|mongodb|rabbitmq|elasticsearch|opensearch|minio|kafka|zookeeper|nats|clickhouse(?:-server)?|"
    r"influxdb|meilisearch|typesense|qdrant|weaviate|etcd|couchdb|neo4j|solr|vault|mssql/server|azure-sql-edge|"
    r"cassandra|scylla|cp-kafka|cp-zookeeper|redpanda|cockroach|milvus|arangodb|rethinkdb|surrealdb|questdb|"
    r"eclipse-mosquitto|emqx)(?:[-_.:@]|\Z)"
)
_WORKS_ON_DATA = re.compile(
    r"[-_](?:backups?|exporter|commander|express|insight|admin|ui|gui|client|dump|cron|operator|router|proxy)"
    r"(?:[-_.:@]|\Z)"
)
TUNNELS = re.compile(
    r"(?:^|/)(?:cloudflared|ngrok|localtunnel|frpc|inlets|chisel|zrok|rathole)(?:[-_.:@]|\Z)"
)
"""What leads the public to a container, past the edge and its checks."""
_ASIDE = re.compile(
    r"(?:^|/)(?:traefik|nginx-proxy|acme-companion|watchtower|portainer(?:-ce)?|adminer|phpmyadmin|pgadmin4?|"
    r"redis-commander|redisinsight|mongo-express|mailhog|mailpit|maildev|mailcatcher|autoheal|dozzle)(?:[-_.:@]|\Z)"
)
"""A proxy of the whole host, and tools of who develops: a release has nothing to do with them."""
_ONCE = re.compile(
    r"(?:^|/)(?:jaeger|all-in-one|prometheus|grafana|loki|promtail|tempo|otel|opentelemetry-collector(?:-contrib)?|"
    r"alertmanager|netdata|uptime-kuma|zipkin|[\w-]+[-_]exporter|cadvisor|temporal|auto-setup|keycloak|localstack|registry|"
    r"[\w-]*backups?[\w-]*)(?:[-_.:@]|\Z)"
)
"""What an application uses and is no part of it: each has data or settings of its own, and lives
once."""
FRONTS = re.compile(
    r"(?:^|/)(?:nginx|nginx-unprivileged|caddy|haproxy|httpd|openresty)(?:[-_.:@]|\Z)"
)
CLOCKS = re.compile(r"(?:^|/)(?:ofelia|chadburn|supercronic|swarm-cronjob)(?:[-_.:@]|\Z)")
"""They start work in other containers by the clock."""
MIGRATORS = re.compile(
    r"(?:^|/)(?:migrate/migrate|flyway|liquibase|dbmate|goose|arigaio/atlas)(?:[-_.:@]|\Z)"
)
"""They move a schema by the files that they are given, and end."""


def engine_of(image: str) -> str | None:
    """Of the databases that Tidegate saves: `postgresql`, `mysql`."""
    if works_on_data(image):
        return None
    return next((engine for engine, form in ENGINES.items() if form.search(image)), None)


def keeps_data(image: str) -> bool:
    """Whether this image is known to be a database, a cache or a broker."""
    if works_on_data(image):
        return False
    return bool(engine_of(image) or CACHES.search(image) or _OTHER_DATA.search(image))


def works_on_data(image: str) -> bool:
    """Whether it is a tool beside a database: `postgres-exporter`, `mysql-cron-backup`."""
    return _WORKS_ON_DATA.search(image) is not None


def is_aside(image: str) -> bool:
    return bool(_ASIDE.search(image) or TUNNELS.search(image))


def lives_once(image: str) -> bool:
    """What an application uses and is no part of it, or what stands aside."""
    return bool(_ONCE.search(image)) or is_aside(image)
