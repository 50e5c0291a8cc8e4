"""Live figures are what users got from one service between two samples of the real edge's
counters."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from blocks.edges.traefik.container import EdgeAddresses
from blocks.edges.traefik.metrics import EdgeMetrics
from tests.integration.edge_fixtures import *  # noqa: F403
from tests.integration.edge_fixtures import StartBackend
from tidegate.edge.counters import MetricsSample, figures_between
from tidegate.errors import EdgeError

CONFIG = """\
http:
  routers:
    counted: {entryPoints: [web], rule: "Host(`counted.test`)", service: counted}
    other: {entryPoints: [web], rule: "Host(`other.test`)", service: other}
  services:
    counted: {loadBalancer: {servers: [{url: "http://NAME:8000"}]}}
    other: {loadBalancer: {servers: [{url: "http://NAME:8000"}]}}
"""


@pytest.fixture(scope="module")
def counted_service(
    running_edge: tuple[EdgeAddresses, Path], start_backend: StartBackend
) -> EdgeAddresses:
    """A service that the edge has routed and that answers."""
    addresses, folder = running_edge
    (folder / "counted.yml").write_text(CONFIG.replace("NAME", str(start_backend(1).name)))
    end = time.monotonic() + 10
    while ask(addresses, "/").status_code != 200:
        assert time.monotonic() < end, "the edge never routed the service"
        time.sleep(0.05)
    return addresses


def ask(addresses: EdgeAddresses, path: str, host: str = "counted.test") -> httpx.Response:
    return httpx.get(addresses.public_url + path, headers={"Host": host}, trust_env=False)


@pytest.mark.parametrize(
    "wanted", [{"service": "counted"}, {"router": "counted"}], ids=["service", "router"]
)
def test_requests_errors_and_p95_of_an_interval_are_counted(
    counted_service: EdgeAddresses, wanted: dict[str, str]
) -> None:
    metrics = EdgeMetrics(counted_service.check_url)
    before = metrics.sample(**wanted)
    for path in ["/"] * 17 + ["/error"] * 2 + ["/slow?0.6"]:
        ask(counted_service, path)
    ask(counted_service, "/", host="other.test")
    figures = figures_between(before, metrics.sample(**wanted))
    assert (figures.requests, figures.errors, figures.error_ratio) == (20, 2, 0.1)
    assert figures.p95_seconds is not None
    assert 0 < figures.p95_seconds <= 1


def test_without_requests_there_are_no_figures(counted_service: EdgeAddresses) -> None:
    metrics = EdgeMetrics(counted_service.check_url)
    sample = metrics.sample(service="counted")
    figures = figures_between(sample, metrics.sample(service="counted"))
    assert (figures.requests, figures.p95_seconds) == (0, None)
    assert metrics.sample(service="unknown").counters == {}


def test_counters_that_began_anew_count_from_zero(counted_service: EdgeAddresses) -> None:
    ask(counted_service, "/")
    sample = EdgeMetrics(counted_service.check_url).sample(service="counted")
    restarted = MetricsSample(sample.started + 60, sample.counters)
    assert (
        figures_between(sample, restarted).requests
        == figures_between(MetricsSample(0, {}), sample).requests
        > 0
    )
    higher = replace(
        sample, counters={series: count + 5 for series, count in sample.counters.items()}
    )
    assert (
        figures_between(higher, sample).requests
        == figures_between(MetricsSample(0, {}), sample).requests
    )


def test_an_edge_that_does_not_answer_is_an_edge_error() -> None:
    with pytest.raises(EdgeError, match="reading the edge's metrics: ConnectError") as caught:
        EdgeMetrics("http://127.0.0.1:1").sample(service="counted")
    assert caught.value.retryable
