"""A migration that writes files has the volumes of its service on the database in use, and none on
a copy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.data.databases import placed
from tasks.data.histories import migrator
from tests.unit.compose_models import model
from tests.unit.migration_fakes import DATABASE, Server
from tidegate.facts import ComposeModel
from tidegate.stack.migration_volumes import unmounted_volumes, volumes_for
from tidegate.stack.migrations import CommandMigration

SPEC = CommandMigration(
    tool="command",
    service="backend",
    database=DATABASE.name,
    directory="/app",
    state="SELECT name FROM steps",
    has=("steps", "list"),
    up=("steps", "up"),
    volumes=("data", "media"),
)
MOUNTS = [
    {"type": "volume", "source": "data", "target": "/var/lib/odoo"},
    {"type": "volume", "source": "media", "target": "/media"},
    {"type": "volume", "source": "cache", "target": "/cache"},
    {"type": "volume", "target": "/nameless"},
    {"type": "bind", "source": "/srv/shop", "target": "/srv"},
]


def source(*mounts: dict[str, str]) -> ComposeModel:
    return {
        **model(backend={"volumes": list(mounts)}),
        "volumes": {"data": {"name": "odoo18-prod-data"}, "media": {}, "cache": {}},
    }


def test_each_volume_has_the_engine_s_name_and_lies_where_the_service_has_it() -> None:
    assert volumes_for(source(*MOUNTS), "shop-prod", SPEC) == {
        "odoo18-prod-data": "/var/lib/odoo",
        "shop-prod_media": "/media",
    }


def test_a_volume_that_the_service_does_not_have_is_refused_by_name() -> None:
    assert list(unmounted_volumes(source(*MOUNTS), [SPEC])) == []
    assert list(unmounted_volumes(source(MOUNTS[0], MOUNTS[4]), [SPEC])) == [
        "migrations: media is no named volume of services.backend"
    ]


@pytest.mark.parametrize("on_copy", [False, True])
def test_a_copy_is_migrated_without_the_volumes_in_use(on_copy: bool) -> None:
    given = dict[str, Any]()
    env: Any = SimpleNamespace(
        refuse_faults=lambda: None,
        stack=SimpleNamespace(databases=[DATABASE], services=[SimpleNamespace(name="backend")]),
        logins=lambda spec: {},
        model=lambda: source(*MOUNTS),
        base_project="shop-prod",
        host=SimpleNamespace(
            containers=lambda labels: [SimpleNamespace(service="db", name="shop-prod-db-1")]
        ),
        databases=SimpleNamespace(as_application=lambda at: Server([])),
        migrations=SimpleNamespace(migrator=lambda *words, **more: given.update(more)),
    )
    copy: Any = SimpleNamespace(database=Server([]), environment={}, network="alone")
    at = placed(env, DATABASE)
    migrator(env, SPEC, at, {"backend": "shop:2"}, key="k", copy=copy if on_copy else None)
    assert set(given["volumes"]) == (set() if on_copy else {"odoo18-prod-data", "shop-prod_media"})
