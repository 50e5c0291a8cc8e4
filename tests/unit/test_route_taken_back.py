"""A route that the edge does not obey is taken back, and the edge has the former one before the
failure is told: whoever hears of it takes the new slot away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pytest_mock import MockerFixture

from blocks.edges.traefik.edge import TraefikEdge
from tidegate.edge.facts import Route, Target
from tidegate.edge.routes import traefik_config
from tidegate.errors import EdgeError

ROUTE = Route(
    "shop", "prod", ("shop.test",), (Target(1, "http://one:8000"),), None, None, 1, "/ready", False
)
Answer = Callable[[], httpx.Response]


def away() -> httpx.Response:
    raise httpx.ConnectError("refused")


def busy() -> httpx.Response:
    raise httpx.ReadTimeout("nothing yet")


def failing() -> httpx.Response:
    return httpx.Response(500)


def still() -> httpx.Response:
    """It has the route still that was taken back."""
    there = yaml.safe_load(traefik_config(ROUTE))["http"]
    named: dict[str, Any] = {
        kind: {f"{name}@file": {} for name in of} for kind, of in there.items()
    }
    return httpx.Response(200, json=named)


def obeyed() -> httpx.Response:
    return httpx.Response(200, json={})


@pytest.fixture
def edge(tmp_path: Path) -> TraefikEdge:
    return TraefikEdge(
        config_directory=tmp_path,
        public_url="http://edge.test",
        check_url="http://check.test",
        obey_seconds=0.3,
    )


def asked(edge: TraefikEdge, mocker: MockerFixture, then: list[Answer]) -> int:
    """How often it was asked once its file was gone; at the end it goes on to answer the last."""
    answers, count = list(then), 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal count
        if list(edge.config_directory.glob("*.yml")):
            return httpx.Response(200, json={})
        count += 1
        return (answers.pop(0) if len(answers) > 1 else answers[0])()

    def client(_edge: TraefikEdge) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(answer))

    mocker.patch.object(TraefikEdge, "_client", client)
    with pytest.raises(EdgeError, match="is not loaded"):
        edge.apply(ROUTE)
    return count


@pytest.mark.parametrize(
    ("then", "times"),
    [
        ([obeyed], 1),
        ([busy, failing, still, obeyed], 4),
        ([away], 1),  # it sends nobody anywhere
    ],
)
def test_it_is_asked_until_it_obeys(
    edge: TraefikEdge, mocker: MockerFixture, then: list[Answer], times: int
) -> None:
    assert asked(edge, mocker, then) == times


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    logger = logging.getLogger("prefect.tidegate.edge")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_one_that_never_does_is_told(
    edge: TraefikEdge, mocker: MockerFixture, warnings: pytest.LogCaptureFixture
) -> None:
    assert asked(edge, mocker, [busy]) > 1
    assert "was taken back, and the edge has not said yet that it obeys" in warnings.text
