"""Plans for the tests of what is made from them."""

from __future__ import annotations

from datetime import UTC, datetime

from tidegate.facts import CheckResult, MigrationClass, Revision, SchemaChange
from tidegate.plan.changes import Plan, Running, Staged
from tidegate.plan.image_changes import ImageChange
from tidegate.plan.resolved import ResolvedConfiguration
from tidegate.stack.envfile import EnvDiff
from tidegate.stack.environments import Place
from tidegate.versions import MAIN, Commit, Version

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMIT = Commit("19b9b98" + "0" * 33, "feat: discounts", "mei", AT)
RUNNING = Running("id-1", 1, "v1.0.0", "a" * 40)
STAGED = Staged(
    place=Place("staging", "staging"),
    url="http://staging.cloudlens.localhost:8080",
    number=7,
    commit=COMMIT.sha,
    pins={"backend": "sha256:one"},
    configuration="s1",
    rehearsed=True,
    smoke=(CheckResult("home", "pass", "status 200", 0.01),),
)
PREFLIGHT = (CheckResult("disk", "pass", "20 GiB free", 0.0),)


def schema_change(
    kind: MigrationClass = "additive", *, head: str = "0002", current: str | None = "0001"
) -> SchemaChange:
    revision = Revision(head, "add discount_cache", kind, ("creates table discount_cache",))
    return SchemaChange(
        "main", current, head, (revision,), "CREATE TABLE discount_cache (id INTEGER);", "", kind
    )


def a_plan() -> Plan:
    """From v1.0.0 to v1.1.0 in production, with one additive revision."""
    return Plan(
        stack="cloudlens",
        place=Place("prod", "production"),
        saves=True,
        version=Version("v1.1.0", COMMIT),
        pins={"backend": "sha256:one"},
        configuration=ResolvedConfiguration({"env/NEW_KEY": "1"}),
        commits={MAIN: (COMMIT,)},
        config={
            "env": EnvDiff(added=("NEW_KEY",), emptied=("GONE_VALUE",)),
            "compose": EnvDiff(added=("services.worker",), changed=("services.web.privileged",)),
        },
        schema=(schema_change(),),
        running=RUNNING,
        domains=("cloudlens.localhost",),
        preflight=PREFLIGHT,
        staged=STAGED,
        watch_seconds=900,
        images=(ImageChange("backend", "built", "sha256:zero", "sha256:one"),),
    )
