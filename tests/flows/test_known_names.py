"""Names by which other stacks call a service: they lead to who serves, at every moment and whatever
is asked for."""

from __future__ import annotations

import pytest

from flows.release import release
from tests.flows.asking import asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.name_stories import (
    NAME_STORIES,
    NETWORK,
    PORT,
    be_called,
    be_called_for_long,
    name_services,
)
from tests.flows.stories import Story, tell
from tidegate.edge.facts import Served
from tidegate.edge.hosts import name_on, port_at

SHOP, JOBS = name_on(NETWORK, "shop", 8000), name_on(NETWORK, "jobs", 9000)
CALLED = (SHOP, name_on(NETWORK, "shop", 8001), JOBS, port_at("0.0.0.0", PORT))
PEOPLE = "shop.test"


def callers_get(made: Installation, host: str) -> Served | str | None:
    """Who answers a container of another stack, or somebody at the port; a word where it finds
    nobody there."""
    there = made.world.engine.forwarded.get(("shop", "prod"), set[str]())
    return made.world.edge.answering(host, "/") if host in there else "nobody is there"


@pytest.mark.parametrize("story", NAME_STORIES, ids=lambda story: story.id)
def test_at_every_moment_a_name_leads_to_the_version_that_people_get(
    library: Library, story: Story
) -> None:
    """Or, where one of the two versions does not have it, to nobody."""
    made, seen = library.begin(story), list[tuple[object, ...]]()

    def look(_what: str) -> None:
        people = made.world.edge.answering(PEOPLE, "/")
        seen.append((people, *(callers_get(made, host) for host in CALLED)))

    made.world.moments.after_change = look
    tell(made, story)
    assert seen
    for people, *callers in seen:
        assert {*callers} <= {people, None, "nobody is there"}, (people, callers)


@pytest.mark.parametrize(
    "story",
    [one for one in NAME_STORIES if one.prepare in (be_called, be_called_for_long)],
    ids=lambda story: story.id,
)
def test_a_name_that_both_versions_have_is_there_at_every_moment(
    library: Library, story: Story
) -> None:
    made, missing = library.begin(story), list[str]()
    is_way_to_none = story.name == "a rollback to one without names"

    def look(what: str) -> None:
        people = made.world.edge.answering(PEOPLE, "/")
        missing.extend(what for host in CALLED if callers_get(made, host) != people)

    made.world.moments.after_change = look
    assert tell(made, story).state.is_completed() == ("badly" not in story.name)
    assert bool(missing) == is_way_to_none
    touched = [one for one in made.world.moments.changes if " leads " in one]
    assert bool(touched) == is_way_to_none, "a forwarder that is there is not touched"


def test_a_name_is_moved_in_the_step_in_which_people_are(library: Library) -> None:
    made = library.begin(NAME_STORIES[0])
    tell(made, NAME_STORIES[0])
    changes = made.world.moments.changes
    [switch] = [n for n, one in enumerate(changes) if "shop prod: #2, behind it" in one] or [
        n for n, one in enumerate(changes) if one.endswith("route of shop prod: #2")
    ][:1]
    assert [one.partition(": ")[2] for one in changes[switch + 1 : switch + 5]] == [
        f"port 0.0.0.0:{PORT} of the host leads to shop prod",
        f"shop:8000 on the network {NETWORK} leads to shop prod",
        f"shop:8001 on the network {NETWORK} leads to shop prod",
        f"jobs:9000 on the network {NETWORK} leads to shop prod",
    ]
    assert {one.partition(": ")[0] for one in changes[switch : switch + 5]} == {
        "prod/shop/2/shift-traffic"
    }


def test_a_name_that_a_container_of_somebody_else_has_is_refused_before_anything_is_changed(
    library: Library,
) -> None:
    made = library.begin(NAME_STORIES[0])
    made.world.engine.attached[NETWORK] = {"jobs": "mill-jobs-1"}
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert f"mill-jobs-1 is called jobs on the network {NETWORK}" in str(run.state.data)
    assert made.world.engine.forwarded == {}
    assert made.world.edge.answering(PEOPLE, "/") == Served("shop", "prod", 1)


def test_a_name_that_another_stack_has_at_the_edge_is_refused(library: Library) -> None:
    """Whoever was released first has it; its route says so."""
    story = Story("a blog beside the shop", release, {}, with_blog=True)
    made = library.begin(story)
    name_services(made)
    assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()
    blog = made.home.parent / "stacks" / "blog" / "stack.yaml"
    line = f"known_as: [{{service: web, name: shop, network: {NETWORK}}}], domains: [shop.test]"
    blog.write_text(blog.read_text().replace("domains: [shop.test]", line))
    run = made.prefect.start(release, **asked("v1.1.0", stack="blog"))
    assert f"the name shop on the network {NETWORK} belongs to shop prod (its route)" in str(
        run.state.data
    )
    assert callers_get(made, SHOP) == Served("shop", "prod", 2)


def test_a_network_on_which_the_service_is_not_is_refused(library: Library) -> None:
    made = library.begin(NAME_STORIES[0])
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace(NETWORK, "nowhere"))
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert "services.web.networks: nowhere is none of them" in str(run.state.data)
