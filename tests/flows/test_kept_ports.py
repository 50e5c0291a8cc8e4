"""A port of the host that a container which was taken over has: it is handed on when that container
stops, and given back before it starts."""

from __future__ import annotations

import pytest

from flows.adopt import adopt
from flows.release import release
from tasks.frame.step import Evidence
from tests.flows.asking import ADOPTION, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation, Kept
from tests.flows.name_stories import NAME_STORIES, NETWORK, PORT, PUBLISHED
from tests.flows.port_stories import PORT_STORIES
from tests.flows.stories import Story, settle, tell
from tidegate.edge.facts import Served
from tidegate.edge.hosts import port_at
from tidegate.ledger.journal import Journal
from tidegate.pages.layout import listed
from tidegate.pages.words import WORDS

HOST = port_at("0.0.0.0", PORT)
TAKEOVER = PORT_STORIES[0]


def who_has_it(made: Installation) -> str | None:
    return made.world.engine.held(HOST)


def stopping(made: Installation, number: int) -> Evidence:
    row = made.ledger.journal.get(Journal.key("prod", "shop", number, "stop-old-slot"))
    assert row is not None
    return row.evidence


@pytest.mark.parametrize("story", PORT_STORIES, ids=lambda story: story.id)
def test_the_port_has_an_owner_who_serves_when_it_is_over(library: Library, story: Story) -> None:
    made = library.begin(story)
    state = tell(made, story).state
    assert state.is_completed() == ("badly" not in story.name), state.message
    is_the_teams = story.serves == "v1.0.0"
    assert who_has_it(made) == ("shop-prod-web-1" if is_the_teams else HOST)
    people = made.world.edge.answering("shop.test", "/")
    assert people is not None
    assert made.world.edge.answering(HOST, "/") == people


def test_a_release_hands_the_port_on_in_the_step_that_stops_the_container(
    library: Library,
) -> None:
    story = next(one for one in PORT_STORIES if one.name == "a release over a port")
    made = library.begin(story)
    tell(made, story)
    told = [one for one in made.world.moments.changes if f"{PORT} of the host" in one]
    assert told == [
        f"prod/shop/2/stop-old-slot: port 0.0.0.0:{PORT} of the host leads to shop prod"
    ]
    stopped = "prod/shop/2/stop-old-slot: container shop-prod-web-1 was stopped"
    changes = made.world.moments.changes
    assert changes.index(stopped) < changes.index(told[0])


def test_a_way_back_lets_the_port_go_in_the_step_that_starts_the_container(
    library: Library,
) -> None:
    story = next(one for one in PORT_STORIES if one.name == "a rollback to a port")
    made = library.begin(story)
    tell(made, story)
    changes = made.world.moments.changes
    free = changes.index(f"prod/shop/3/wake-slot: {HOST} leads nowhere")
    assert free < changes.index(
        "prod/shop/3/wake-slot: container shop-prod-web-1 was started again"
    )


def test_a_port_that_a_container_of_somebody_else_has_is_refused_before_anything_is_changed(
    library: Library,
) -> None:
    made = library.begin(TAKEOVER)
    engine = made.world.engine
    engine.ports["shop-prod-web-1"] = frozenset()
    engine.ports["shop-prod-db-1"] = frozenset({("127.0.0.1", PORT)})
    run = made.prefect.start(adopt, **ADOPTION)
    assert f"has the port 0.0.0.0:{PORT} of the host" in str(run.state.data)
    assert "the container shop-prod-db-1 of the compose project shop-prod" in str(run.state.data)
    assert made.world.edge.route("shop", "prod") is None


def test_a_port_that_a_program_has_is_refused_before_anything_is_changed(
    library: Library,
) -> None:
    made = library.begin(NAME_STORIES[0])
    made.world.engine.taken_ports.add(PORT)
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert f"the port 0.0.0.0:{PORT} of the host is taken" in str(run.state.data)
    assert made.world.edge.answering("shop.test", "/") == Served("shop", "prod", 1)


@pytest.mark.parametrize(
    ("published", "said"),
    [
        ({}, f"services.web.ports: {PORT} is none of them, and stack.yaml keeps it"),
        ({"protocol": "udp"}, f"{PORT} is UDP: only HTTP can be kept"),
        ({"host_ip": "127.0.0.1"}, "write `address: 127.0.0.1` there"),
        ({"target": 9000}, f"{PORT} leads to 9000 in the container, and stack.yaml says 8000"),
    ],
)
def test_what_the_compose_file_does_not_publish_so_is_refused(
    library: Library, published: dict[str, str], said: str
) -> None:
    made = library.begin(NAME_STORIES[0])
    ports = [{**PUBLISHED[0], **published}] if published else []
    made.world.edited["web"]["ports"] = ports
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert said in str(run.state.data)
    assert made.world.engine.forwarded == {}


def test_a_takeover_leaves_the_port_to_the_container(library: Library) -> None:
    made = library.begin(TAKEOVER)
    run_with = who_has_it(made)
    tell(made, TAKEOVER)
    assert run_with == who_has_it(made) == "shop-prod-web-1"


def test_a_release_says_first_what_is_called_while_it_is_handed_over_and_then_for_how_long(
    library: Library,
) -> None:
    story = next(one for one in PORT_STORIES if one.name == "a release over a port")
    made = library.begin(story)
    page = "\n".join(tell(made, story).pages.values())
    evidence = stopping(made, 2)
    assert evidence["handed_over"] == [
        *(f"{name} ({NETWORK})" for name in ("shop:8000", "shop:8001", "jobs:9000")),
        f"0.0.0.0:{PORT}",
    ]
    assert evidence["handed_over_seconds"] >= 0
    assert WORDS["en"]["handed_over"].format(names=listed(evidence["handed_over"])) in page


def test_where_the_handing_over_was_cut_short_nobody_knows_how_long_it_took(
    library: Library,
) -> None:
    story = next(one for one in PORT_STORIES if one.name == "a release over a port")
    made, kept = library.begin(story), list[Kept]()
    made.world.moments.after_change = lambda what: (
        kept.append(made.keep(what))
        if what.endswith("stop-old-slot: container shop-prod-web-1 was stopped")
        else None
    )
    tell(made, story)
    made.begin_from(kept[0])
    assert settle(made) == []
    evidence = stopping(made, 2)
    assert evidence["handed_over"]
    assert "handed_over_seconds" not in evidence


def test_a_release_from_slot_to_slot_hands_nothing_over(library: Library) -> None:
    story = next(one for one in NAME_STORIES if one.name == "a release under a name")
    made = library.begin(story)
    page = "\n".join(tell(made, story).pages.values())
    assert stopping(made, 3)["stopped"]
    assert "handed_over" not in stopping(made, 3)
    assert WORDS["en"]["handed_over"].partition("{")[0] not in page


def test_the_same_version_again_opens_a_port_that_is_dead(library: Library) -> None:
    """The step that takes it over had failed: a program had the port for a moment."""
    story = next(one for one in PORT_STORIES if one.name == "a release over a port")
    made = library.begin(story)
    tell(made, story)
    made.world.engine.forwarded["shop", "prod"].clear()
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_completed(), state.message
    assert "runs already" not in str(state.message)
    assert who_has_it(made) == HOST
    again = made.prefect.start(release, **asked("v1.1.0")).state
    assert "runs already" in str(again.message)
