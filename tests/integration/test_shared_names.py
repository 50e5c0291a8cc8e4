"""Two stacks at one host name of a real Traefik: nothing that is done to one of them costs the other
a request, and each is looked at by its own path."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prefect.logging import disable_run_logger

from blocks.probes.witness import TrafficWitness
from cli import status
from cli.status_table import Row
from tasks.plan.doors import refuse_foreign_answers, refuse_taken_doors
from tasks.slots.smoke import smoke_public_door, smoke_slot
from tasks.traffic.switching import serves, witness_of
from tests.attacks.edge_process import *  # noqa: F403
from tests.attacks.edge_process import EdgeProcess
from tests.contracts.shared_names_contract import SharedNamesContract
from tests.integration.visited_apps import DOMAIN, App, Shop, running, shop
from tidegate.edge.facts import Route, Served, Target
from tidegate.edge.probing import Question
from tidegate.errors import StackFileError


class Made(SharedNamesContract):
    """Its routes, at the host name that the applications know."""

    domain = DOMAIN


MADE = Made()


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


@contextmanager
def witness(edge: EdgeProcess, owner: str, path: str) -> Iterator[TrafficWitness]:
    """Visitors of one path, of whom none may be lost or answered by another stack."""
    asked = [Question(DOMAIN, path, is_ready_path=True)]
    url = edge.block.public_url
    visitors = TrafficWitness(
        url,
        DOMAIN,
        path,
        rate_per_second=20,
        timeout_seconds=60,
        owner=(owner, "prod"),
        asked=asked,
    )
    with visitors:
        yield visitors
        while visitors.figures().total < 5:
            time.sleep(0.02)
    assert visitors.failures() == []


def test_the_whole_life_of_one_stack_costs_the_other_no_request(edge: EdgeProcess) -> None:
    with running(App()) as of_shop, running(App()) as of_blog, running(App()) as newer:
        here, old, new = Target(1, of_shop.url), Target(2, of_blog.url), Target(3, newer.url)
        edge.block.apply(MADE.sharing("shop", "blog", "/", here))
        with witness(edge, "shop", "/"), witness(edge, "shop", "/blogs"):
            offered = MADE.sharing("blog", "shop", "/blog", candidate=old, begun=False)
            edge.block.apply(offered)
            edge.block.apply(MADE.sharing("blog", "shop", "/blog", old))
            for serving in (new, old):
                edge.block.apply(MADE.sharing("blog", "shop", "/blog", serving, fence=6))
            edge.block.apply(MADE.sharing("blog", "shop", "/blog", fence=6))
            assert edge.get(DOMAIN, "/blog").status_code == 503
            edge.block.remove("blog", "prod")
        edge.block.apply(MADE.sharing("blog", "shop", "/blog", old))
        with witness(edge, "blog", "/blog/a"):
            for fence, number in ((6, 4), (7, 5)):
                edge.block.apply(
                    MADE.sharing("shop", "blog", "/", replace(here, deployment=number), fence=fence)
                )
            edge.block.apply(MADE.sharing("shop", "blog", "/", fence=8))
            assert edge.get(DOMAIN, "/").status_code == 503
            edge.block.remove("shop", "prod")
            assert edge.get(DOMAIN, "/").status_code == 404


def test_a_first_version_takes_nobody_from_who_has_the_path_until_it_serves(
    edge: EdgeProcess,
) -> None:
    with running(App()) as of_shop, running(App()) as of_blog:
        edge.block.apply(MADE.sharing("shop", "blog", "/", Target(1, of_shop.url)))
        new = Target(2, of_blog.url)
        with witness(edge, "shop", "/blog"):
            edge.block.apply(MADE.sharing("blog", "shop", "/blog", candidate=new, begun=False))
        edge.block.apply(MADE.sharing("blog", "shop", "/blog", new))
        assert edge.block.serving(DOMAIN, "/blog") == Served("blog", "prod", 2)


@pytest.fixture
def at_a_path(tmp_path: Path, edge: EdgeProcess) -> Iterator[Shop]:
    """The production of a shop whose door is /blog, at a name of which a gateway has all else."""
    with (
        running(App()) as gateway,
        shop(
            tmp_path, edge.block, ready_path="/blog/ready", partners="gateway", path="/blog"
        ) as made,
    ):
        edge.block.apply(MADE.sharing("gateway", "shop", "/", Target(1, gateway.url)))
        yield made


def told(found: Shop, *targets: Target, candidate: Target | None = None) -> Route:
    """Its route, with doors as its stack file says."""
    route = MADE.sharing("shop", "gateway", "/blog", *targets, candidate=candidate)
    return replace(route, ready_path=found.env.ready_path, fence=found.fence + 1)


def test_status_shows_what_people_get_at_the_stacks_own_path(
    edge: EdgeProcess, at_a_path: Shop
) -> None:
    def row() -> Row:
        [found] = status.rows(at_a_path.env.settings, "shop")
        return found

    assert row()["edge"] is None, "the gateway answers there, and is another stack"
    with running(App()) as app:
        offered = told(at_a_path, candidate=Target(1, app.url))
        assert offered.sharing is not None
        edge.block.apply(replace(offered, sharing=replace(offered.sharing, begun=False)))
        assert row()["edge"] is None, "and so it does while a first version is offered"
        edge.block.apply(told(at_a_path, Target(1, app.url)))
        assert (row()["edge"], row()["agrees"], row()["answers"]) == ("shop/prod/1", True, 200)
    edge.block.apply(replace(told(at_a_path), fence=9))
    assert str(row()["trouble"]).startswith("people get 503")
    assert row()["edge"] is None


def test_everything_that_tidegate_asks_leads_through_the_stacks_own_doors(
    edge: EdgeProcess, at_a_path: Shop
) -> None:
    with running(App()) as old, running(App()) as new:
        edge.block.apply(told(at_a_path, Target(1, old.url), candidate=Target(2, new.url)))
        assert serves(at_a_path.env) == Served("shop", "prod", 1)
        evidence = smoke_slot.fn(at_a_path.new)
        assert evidence["ready"]["path"] == "/blog/ready"
        [check] = smoke_public_door(at_a_path.env, at_a_path.new.version, 1)
        assert check.outcome == "pass", check.detail
        with witness_of(at_a_path.new) as visitors:
            while visitors.figures().total < 3:
                time.sleep(0.02)
        assert visitors.failures(1) == []
        assert {one["path"].partition("?")[0] for one in new.seen} <= {"/blog", "/blog/ready"}
        assert at_a_path.env.url.endswith("/blog")


def test_the_plan_takes_a_partners_answer_for_none_of_a_stranger(
    edge: EdgeProcess, at_a_path: Shop
) -> None:
    refuse_taken_doors(at_a_path.env)
    where = f"{DOMAIN}/blog"
    assert refuse_foreign_answers(at_a_path.env) == {where: Served("gateway", "prod", 1)}
    alone = at_a_path.env.config.model_copy(update={"shares_names_with": ()})
    env = replace(at_a_path.env, config=alone)
    with pytest.raises(StackFileError, match=f"{DOMAIN}/ belongs to gateway prod"):
        refuse_taken_doors(env)
    with pytest.raises(StackFileError, match="is answered by gateway/prod/1"):
        refuse_foreign_answers(env)


def test_a_path_that_nobody_has_is_answered_by_the_edge_itself(edge: EdgeProcess) -> None:
    with running(App()) as app:
        edge.block.apply(MADE.sharing("api", "docs", "/api", Target(1, app.url)))
        answer = httpx.get(
            f"{edge.block.public_url}/other", headers={"Host": DOMAIN}, trust_env=False
        )
    assert answer.status_code == 404
    assert app.seen[-1]["path"] == "/api/ready"
