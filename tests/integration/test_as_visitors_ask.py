"""A test request is a user's request: by the real host name, and as a front that ends TLS passes it
on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prefect.logging import disable_run_logger

from tasks.slots.smoke import smoke_public_door, smoke_slot
from tasks.traffic.live import ask
from tasks.traffic.switching import serves, witness_of
from tests.attacks.edge_process import *  # noqa: F403
from tests.attacks.edge_process import EdgeProcess
from tests.integration.visited_apps import DOMAIN, App, Shop, running, shop
from tidegate.edge.facts import Served, Target
from tidegate.errors import SmokeError, StackFileError, UnhealthyError

FRONT = {
    "Host": DOMAIN,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "443",
    "X-Forwarded-For": "203.0.113.9",
}


@pytest.fixture(scope="module", name="believed")
def its_front() -> list[str]:
    """As `TIDEGATE_TRUSTED_FRONTS` says it."""
    return ["127.0.0.1"]


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


@pytest.fixture
def made() -> Iterator[ExitStack]:
    """Ends what a test has made."""
    with ExitStack() as stack:
        yield stack


def offered(
    made: ExitStack,
    tmp_path: Path,
    edge: EdgeProcess,
    app: App,
    *,
    https: bool = False,
    ready_path: str = "/ready",
) -> Shop:
    """The old version serves, `app` is the slot of the new one."""
    old, new = made.enter_context(running(App(https_only=https))), made.enter_context(running(app))
    found = made.enter_context(shop(tmp_path, edge.block, https=https, ready_path=ready_path))
    edge.block.apply(found.route(Target(1, old.url), candidate=Target(2, new.url)))
    return found


def switched(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess, app: App, *, https: bool = False
) -> Shop:
    """`app` serves, with the old version behind it, and the edge's own health checks have been
    made."""
    old, new = made.enter_context(running(App(https_only=https))), made.enter_context(running(app))
    found = made.enter_context(shop(tmp_path, edge.block, https=https))
    edge.block.apply(found.route(Target(1, old.url)))
    edge.block.apply(found.route(Target(2, new.url), standby=Target(1, old.url)))
    end = time.monotonic() + 20
    while (
        len([one for one in new.seen if one["user-agent"].startswith("Go")]) < 1
    ):  # those of Traefik itself
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


# --- by the real host name ---


def test_an_application_that_knows_its_hosts_passes_at_its_slot(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    app = App()
    found = offered(made, tmp_path, edge, app)
    evidence = smoke_slot.fn(found.new)
    assert [check["outcome"] for check in evidence["checks"]] == ["pass"]
    assert {(one["host"], one["x-forwarded-host"]) for one in app.seen} == {(DOMAIN, DOMAIN)}
    assert not [one for one in app.seen if "x-tidegate-slot" in one]


def test_paths_that_the_edge_has_for_itself_are_the_applications_at_a_slot(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    app = App()
    offered(made, tmp_path, edge, app, ready_path="/ping")
    asked = {"Host": "localhost", "X-Tidegate-Slot": "shop/prod/2"}
    for path in ("/ping", "/api/rawdata", "/metrics"):
        assert (
            httpx.get(edge.block.check_url + path, headers=asked, trust_env=False).text
            == "who is that?"
        )


# --- ready ---


@pytest.mark.parametrize("status", [404, 401, 400])
def test_a_ready_page_that_refuses_the_question_is_a_fault_of_the_stack_file_before_anybody_is_sent_there(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess, status: int
) -> None:
    found = offered(made, tmp_path, edge, App(status))
    with pytest.raises(StackFileError, match=f"/ready answers {status} to a visitor of {DOMAIN}"):
        smoke_slot.fn(found.new)
    assert edge.block.serving(DOMAIN, "/") == Served("shop", "prod", 1)


def test_a_version_that_does_not_become_ready_is_to_blame_and_nobody_is_sent_there(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    found = offered(made, tmp_path, edge, App(503))
    with pytest.raises(
        UnhealthyError, match=f"/ready, asked as a visitor of {DOMAIN}: it answers 503, after 1 s"
    ):
        smoke_slot.fn(found.new)


def test_a_slot_that_becomes_ready_in_time_passes(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    found = offered(made, tmp_path, edge, App(503, 503, 503, 200))
    assert smoke_slot.fn(found.new)["ready"]["status"] == 200


def test_a_redirect_is_an_answer_of_a_version_that_works(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    """As a page that leads to a login. Traefik's own check takes it so, too."""
    found = offered(made, tmp_path, edge, App(302))
    assert smoke_slot.fn(found.new)["ready"]["status"] == 302


# --- behind something that ends TLS ---


def test_what_a_trusted_front_says_of_a_visitor_reaches_the_application(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    app = App(https_only=True)
    switched(made, tmp_path, edge, app, https=True)
    sent = httpx.get(edge.block.public_url, headers=FRONT, trust_env=False).json()["welcome"]
    assert (sent["X-Forwarded-Proto"], sent["X-Forwarded-Port"]) == ("https", "443")
    assert sent["X-Forwarded-For"].split(", ")[0] == "203.0.113.9"


def test_smoke_witness_and_watch_speak_as_a_front_does(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    found = switched(made, tmp_path, edge, App(https_only=True), https=True)
    [check] = smoke_public_door(found.env, found.new.version, 2)
    assert check.outcome == "pass", check.detail
    [check] = ask(found.env, found.new.deployment)
    assert check.outcome == "pass"
    with witness_of(found.new) as witness:
        while witness.figures().total < 3:
            time.sleep(0.02)
    assert witness.failures(1) == []


def test_a_slot_is_asked_as_a_front_does(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    found = offered(made, tmp_path, edge, App(https_only=True), https=True)
    evidence = smoke_slot.fn(found.new)
    assert (evidence["ready"]["status"], evidence["checks"][0]["outcome"]) == (200, "pass")


def test_the_edge_asks_its_slots_as_a_front_does_and_follows_no_redirect_to_another_version(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    app = App(https_only=True)
    switched(made, tmp_path, edge, app, https=True)
    own = [one for one in app.seen if one["user-agent"].startswith("Go")]
    assert {(one["host"], one["path"], one["x-forwarded-proto"]) for one in own} == {
        (DOMAIN, "/ready", "https")
    }
    answer = edge.block.answer(DOMAIN, "/")
    assert (answer.served, answer.status) == (Served("shop", "prod", 2), 200)


def test_an_application_that_leads_to_https_is_told_what_to_say_where_nothing_says_that_people_come_by_it(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    app = made.enter_context(running(App(https_only=True)))
    found = made.enter_context(shop(tmp_path, edge.block))
    edge.block.apply(found.route(candidate=Target(2, app.url)))
    with pytest.raises(SmokeError, match=r"it leads to https.*`https: true`"):
        smoke_slot.fn(found.new)


# --- a host name that somebody else has taken since ---


def test_a_way_back_is_asked_for_by_a_name_that_its_route_still_has(
    made: ExitStack, tmp_path: Path, edge: EdgeProcess
) -> None:
    old, thief = made.enter_context(running(App())), made.enter_context(running(App()))
    found = made.enter_context(shop(tmp_path, edge.block, domains=f"taken.example.test, {DOMAIN}"))
    edge.block.apply(
        replace(found.route(Target(7, thief.url)), stack="heir", domains=("taken.example.test",))
    )
    edge.block.apply(replace(found.route(Target(2, old.url)), domains=(DOMAIN,)))
    assert serves(found.env) == Served("shop", "prod", 2)
    [check] = smoke_public_door(found.env, found.new.version, 2)
    assert check.outcome == "pass"
    with witness_of(found.new) as witness:
        while witness.figures().total < 2:
            time.sleep(0.02)
    assert witness.figures().failed == 0
