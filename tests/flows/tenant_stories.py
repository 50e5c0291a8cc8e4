"""What people ask for where a pattern finds a database for each tenant."""

from __future__ import annotations

from flows.release import release
from flows.restore import restore
from tests.flows.asking import RESTORE, asked
from tests.flows.beginnings import migrate_tenants, save_tenants
from tests.flows.stories import Story

TENANT_STORIES = (
    Story("a restore of tenants", restore, RESTORE, serves="v1.0.0", prepare=save_tenants),
    Story(
        "a release with a migration of tenants",
        release,
        asked("v1.1.0"),
        serves="v1.1.0",
        prepare=migrate_tenants,
    ),
    Story(
        "a version of tenants that fails its checks",
        release,
        asked("v2.1.0"),
        serves="v1.0.0",
        prepare=migrate_tenants,
    ),
)
