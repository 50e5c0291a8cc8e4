"""What a release needs of its databases: that they answer, have connections for the new containers,
and room for a backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tasks.data.base import base_containers, refuse_stopped
from tasks.data.databases import spec_of
from tasks.data.found import databases_of
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.shared_servers import check_patterns
from tasks.slots.in_place import beside_old
from tidegate.backups.saved import PlacedDatabase
from tidegate.errors import CapacityError
from tidegate.facts import CheckResult, ComposeModel


def check_databases(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    """With the new configuration's own logins: the application's, and that of the owner, who makes
    the backup."""
    refuse_stopped(env, model)
    running = base_containers(env)
    yield from check_patterns(env)
    for spec in env.stack.databases:
        if spec.service is not None and spec.service not in running:
            yield _passed(f"database {spec.name}", "starts for the first time")
            continue
        found = databases_of(env, spec)
        if not found:
            yield _passed(f"databases of {spec.name}", "none is there yet")
        for one in found[:1]:  # the connections are those of the server
            yield _passed(f"connections of {spec.name}", _connections(env, spec.name, one))
    yield _backup_room(env, running)


def _connections(env: OpenEnvironment, name: str, at: PlacedDatabase) -> str:
    """How many are free and needed, asked with the new configuration's own login (P24, P84); only
    what every service says of itself can be compared. Raises CapacityError."""
    free = env.databases.as_application(at).free_connections()
    beside = beside_old(env)
    services = [service for service in env.stack.services if service.name in beside]
    pools = [service.connection_pool for service in services]
    silent = [service.name for service in services if service.connection_pool is None]
    needed = sum(pool for pool in pools if pool is not None)
    if free < needed:
        raise CapacityError(
            f"counting the free connections of the database {name!r}",
            f"{free} free, {needed} needed by the new containers",
            "Close some, or allow more",
        )
    unsaid = (
        f"; {', '.join(silent)} without `connection_pool`, so nobody knows whether that is enough"
        if silent
        else ""
    )
    return f"{free} free, {needed} needed by the new containers{unsaid}"


def _backup_room(env: OpenEnvironment, running: Mapping[str, str]) -> CheckResult:
    saved = [spec_of(env, name) for name in env.stack.state.databases]
    size = sum(
        env.databases.as_owner(one).data_size()
        for spec in saved
        if spec.service is None or spec.service in running
        for one in databases_of(env, spec)
    )
    env.backups.check_room(size)
    return _passed("room for a backup", f"of {size / (1 << 30):.1f} GiB of data")


def _passed(name: str, detail: str) -> CheckResult:
    return CheckResult(name=name, outcome="pass", detail=detail, seconds=0.0)
