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
"""`postgres-exporter` and `mysql-cron-backup` are no databases."""
_DATA_FOLDERS = (
    (ENGINES["postgresql"], ("/var/lib/postgresql", "/home/postgres", "/bitnami")),
    (ENGINES["mysql"], ("/var/lib/mysql", "/config", "/bitnami")),
    (re.compile(r"(?:^|/)mongo(?:db)?(?:[-_.:@]|\Z)"), ("/data/db", "/bitnami")),
    (re.compile(r"(?:^|/)rabbitmq(?:[-_.:@]|\Z)"), ("/var/lib/rabbitmq", "/bitnami")),
    (
        re.compile(r"(?:^|/)(?:elasticsearch|opensearch)(?:[-_.:@]|\Z)"),
        ("/usr/share/elasticsearch", "/usr/share/opensearch", "/bitnami"),
    ),
    (
        re.compile(r"(?:^|/)clickhouse(?:-server)?(?:[-_.:@]|\Z)"),
        ("/var/lib/clickhouse", "/bitnami"),
    ),
    (re.compile(r"(?:^|/)influxdb(?:[-_.:@]|\Z)"), ("/var/lib/influxdb", "/var/lib/influxdb2")),
    (re.compile(r"(?:^|/)couchdb(?:[-_.:@]|\Z)"), ("/opt/couchdb/data", "/bitnami")),
    (re.compile(r"(?:^|/)(?:mssql/server|azure-sql-edge)(?:[-_.:@]|\Z)"), ("/var/opt/mssql",)),
)
"""Of what keeps data without being told to."""
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
    if _WORKS_ON_DATA.search(image):
        return None
    return next((engine for engine, form in ENGINES.items() if form.search(image)), None)


def keeps_data(image: str) -> bool:
    """Whether this image is known to be a database, a cache or a broker."""
    if _WORKS_ON_DATA.search(image):
        return False
    return bool(engine_of(image) or CACHES.search(image) or _OTHER_DATA.search(image))


def data_folders(image: str) -> tuple[str, ...]:
    """Where a database or a broker keeps its data, by its image or its engine; empty for what is
    none, or keeps nothing by itself."""
    if _WORKS_ON_DATA.search(image):
        return ()
    return next((folders for form, folders in _DATA_FOLDERS if form.search(image)), ())


def is_aside(image: str) -> bool:
    return bool(_ASIDE.search(image) or TUNNELS.search(image))


def lives_once(image: str) -> bool:
    """What an application uses and is no part of it, or what stands aside."""
    return bool(_ONCE.search(image)) or is_aside(image)
