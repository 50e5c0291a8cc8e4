"""Several services behind the edge: asked before the switch, switched together, and never two
versions at once."""

from __future__ import annotations

import pytest

from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ROLLBACK, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import STORIES, Story, tell
from tidegate.edge.facts import Served

ASKED = (
    ("shop.test", "/"),
    ("shop.test", "/api/bills"),
    ("shop.test", "/live"),
    ("admin.shop.test", "/"),
    ("north.tenants.shop.test", "/api"),
)
WITH_ROUTES = [
    *(one for one in STORIES if one.with_routes),
    Story(
        "a release of several doors by way of staging",
        release,
        asked("v1.1.0"),
        with_staging=True,
        with_routes=True,
    ),
    Story(
        "a version of several doors that fails its checks",
        release,
        asked("v2.1.0"),
        with_routes=True,
    ),
    Story(
        "a rollback of several doors",
        rollback,
        ROLLBACK,
        before=("v1.0.0", "v1.0.1"),
        with_routes=True,
    ),
]


def story(name: str) -> Story:
    return next(one for one in STORIES if one.name == name)


@pytest.mark.parametrize("told", WITH_ROUTES, ids=lambda told: told.id)
def test_at_every_moment_all_doors_lead_to_one_version(library: Library, told: Story) -> None:
    made, seen = library.begin(told), list[set[Served | None]]()
    edge = made.world.edge

    def look(_what: str) -> None:
        seen.append({edge.answering(host, path) for host, path in ASKED})

    made.world.moments.after_change = look
    tell(made, told)
    assert {len(one) for one in seen} == {1}
    assert made.world.edge.answering("other.test", "/") is None
    assert made.world.edge.answering("shop.test", "/"), "somebody serves in the end"


@pytest.mark.parametrize(("version", "is_good"), [("v1.1.0", True), ("v2.1.0", False)])
def test_who_serves_keeps_its_host_name_until_one_with_another_name_has_proved_itself(
    library: Library, version: str, is_good: bool
) -> None:
    made = library.begin(Story("a shop that is renamed", release, {}))
    rename(made)
    seen = list[tuple[Served | None, Served | None]]()
    edge = made.world.edge

    def look(_what: str) -> None:
        seen.append((edge.answering("shop.test", "/"), edge.answering("new.test", "/")))

    made.world.moments.after_change = look
    assert made.prefect.start(release, **asked(version)).state.is_completed() == is_good
    old, new = Served("shop", "prod", 1), Served("shop", "prod", 2)
    assert {*seen} == {(old, None), *([(None, new)] if is_good else [])}
    route = edge.route("shop", "prod")
    assert route is not None
    assert route.domains == (("new.test",) if is_good else ("shop.test",))


def rename(made: Installation) -> None:
    """Its stack file has another host name."""
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace("domains: [shop.test]", "domains: [new.test]"))


def test_the_ready_path_of_each_service_is_asked_before_anybody_is_sent_there(
    library: Library,
) -> None:
    told = story("a release of several doors")
    made = library.begin(told)
    tell(made, told)
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    steps = [(step.name, step.evidence) for step in made.ledger.journal.steps(now.id)]
    names = [name for name, _ in steps]
    ready = dict(steps)["smoke-slot"]["ready"]
    assert names.index("smoke-slot") < names.index("shift-traffic")
    assert [one["path"] for one in (ready, *ready["others"])] == [
        "/ready",
        "/api/ready",
        "/api/ready",
        "/api/ready",
    ]


def test_the_old_version_stands_behind_the_new_one_only_with_the_same_doors(
    library: Library,
) -> None:
    standby = {}
    for name in ("a release of several doors", "a release that brings doors"):
        made = library.begin(story(name))
        tell(made, story(name))
        now = made.ledger.deployments.current("shop", "prod")
        assert now is not None
        standby[name] = {step.name: step.evidence for step in made.ledger.journal.steps(now.id)}[
            "shift-traffic"
        ]["standby"]
    assert standby == {"a release of several doors": 1, "a release that brings doors": None}
