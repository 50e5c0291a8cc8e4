"""A switch at the real edge loses no request, and what the edge does not obey is taken back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from docker.models.containers import Container

from blocks.docker.host import DockerHost
from blocks.edges.traefik.container import EdgeAddresses, EdgeMaker, stop_edge
from blocks.edges.traefik.edge import TraefikEdge
from blocks.probes.witness import TrafficWitness
from tests import images
from tests.contracts.edge_contract import EdgeContract
from tests.contracts.shared_names_contract import SharedNamesContract
from tests.integration.edge_fixtures import *  # noqa: F403
from tests.integration.edge_fixtures import DOMAIN, StartBackend, route, target, wait_for_ping
from tidegate.atomic_file import write_atomically
from tidegate.edge.facts import Served, Target
from tidegate.edge.headers import SLOT_HEADER, headers_for
from tidegate.edge.routes import traefik_config
from tidegate.errors import EdgeError, FencedError

Slots = tuple[Target, Target]


@pytest.fixture(scope="module")
def slots(start_backend: StartBackend) -> Slots:
    """Two deployments that answer."""
    return target(1, start_backend(1)), target(2, start_backend(2))


@pytest.fixture
def edge_container(
    running_edge: tuple[EdgeAddresses, Path], edge_host: DockerHost
) -> Iterator[Container]:
    """The edge's container, running again after the test."""
    container = edge_host.client.containers.get(running_edge[0].container)
    yield container
    container.start()
    wait_for_ping(running_edge[0])


class TestTraefikEdge(EdgeContract, SharedNamesContract):
    """The real edge keeps the contract."""

    @pytest.fixture
    def impatient(self, edge: TraefikEdge) -> TraefikEdge:
        return edge.model_copy(update={"obey_seconds": 1})

    @pytest.fixture
    def refusing(self, start_backend: StartBackend) -> Target:
        return target(502, start_backend(502))


def witness(
    edge: TraefikEdge, path: str = "/", rate: float = 50, long_path: str | None = None
) -> TrafficWitness:
    return TrafficWitness(
        edge.public_url,
        DOMAIN,
        path,
        rate_per_second=rate,
        long_path=long_path,
        owner=("shop", "prod"),
    )


def test_switches_under_traffic_lose_no_request(edge: TraefikEdge, slots: Slots) -> None:
    old, new = slots
    edge.apply(route(old))
    with witness(edge) as traffic:
        for serving, standby in ((new, old), (old, new), (new, old)):
            edge.apply(route(serving, standby=standby))
            time.sleep(0.3)
    figures = traffic.figures()
    assert traffic.failures() == []
    assert figures.failed == 0
    assert set(figures.by_version) == {"shop/prod/1", "shop/prod/2"}
    assert figures.total > 20


def test_a_request_in_flight_across_the_switch_completes(edge: TraefikEdge, slots: Slots) -> None:
    old, new = slots
    edge.apply(route(old))
    with witness(edge, rate=5, long_path="/slow?5") as traffic:
        time.sleep(0.5)
        edge.apply(route(new, standby=old))
        edge.apply(route(new))
    assert traffic.failures() == []
    assert max(seen.ended - seen.due for seen in traffic._seen) >= 5


def test_a_candidate_is_reached_at_its_own_address_only(edge: TraefikEdge, slots: Slots) -> None:
    edge.apply(route(slots[0], candidate=slots[1]))
    asked = {"Host": DOMAIN, **headers_for(https=False, slot=Served("shop", "prod", 2))}
    page = httpx.get(f"{edge.check_url}/api/x", headers=asked, trust_env=False).json()
    assert (page["version"], page["host"], page["sent"].get(SLOT_HEADER)) == ("v2", DOMAIN, None)
    assert (
        httpx.get(f"{edge.public_url}/", headers=asked, trust_env=False).json()["version"] == "v1"
    )
    assert (
        httpx.get(f"{edge.check_url}/", headers={"Host": DOMAIN}, trust_env=False).status_code
        == 404
    )


FORGED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def test_a_front_on_this_machine_is_believed_and_an_application_is_not(
    edge: TraefikEdge, slots: Slots, edge_container: Container, edge_host: DockerHost
) -> None:
    """Who comes from this machine comes to the edge's container as the gateway of its control
    network."""
    edge.apply(route(slots[0]))
    believed = httpx.get(
        edge.public_url, headers={"Host": DOMAIN, **FORGED}, trust_env=False
    ).json()["sent"]
    assert (believed["X-Forwarded-Proto"], believed["X-Forwarded-For"].split(", ")[0]) == (
        "https",
        "203.0.113.9",
    )
    network = f"{edge_host.edge_network}_shop_prod"
    address = edge_container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
    ask = "import sys, urllib.request as u; print(u.urlopen(u.Request(sys.argv[1], headers=eval(sys.argv[2]))).read().decode())"
    neighbour = slots[0].url.removeprefix("http://").removesuffix(":8000")
    outcome = edge_host.execute(
        neighbour,
        ["python3", "-c", ask, f"http://{address}:8000/", repr({"Host": DOMAIN, **FORGED})],
    )
    seen = json.loads(outcome.stdout)["sent"]
    assert seen["X-Forwarded-Proto"] == "http"
    assert "203.0.113.9" not in seen["X-Forwarded-For"]


def test_a_dead_candidate_is_no_fault_of_the_edge_and_who_serves_goes_on(
    edge: TraefikEdge, slots: Slots
) -> None:
    edge.apply(route(slots[0]))
    offered = route(slots[0], candidate=Target(2, "http://nobody:8000"))
    edge.apply(offered)
    assert edge.route("shop", "prod") == offered
    assert edge.serving(DOMAIN, "/") == Served("shop", "prod", 1)


def test_a_candidate_that_holds_a_request_is_told_with_its_page(
    edge: TraefikEdge, slots: Slots
) -> None:
    edge.apply(route(slots[0]))
    hasty = edge.model_copy(update={"obey_seconds": 1, "request_seconds": 0.5})
    held = replace(route(slots[0], candidate=slots[1]), ready_path="/slow?5")
    with pytest.raises(EdgeError, match=rf"{DOMAIN}/slow\?5 gives no answer within 0.5 s"):
        hasty.apply(held)


def test_a_switch_to_a_dead_slot_is_taken_back_although_the_standby_answers(
    edge: TraefikEdge, slots: Slots
) -> None:
    edge.apply(route(slots[0]))
    hasty = edge.model_copy(update={"obey_seconds": 1})
    with pytest.raises(EdgeError, match=f"{DOMAIN} answers 200 by shop/prod/1"):
        hasty.apply(route(Target(9, "http://nobody:8000"), standby=slots[0]))
    assert edge.route("shop", "prod") == route(slots[0])


def test_a_route_that_is_there_already_is_not_written_again(
    edge: TraefikEdge, slots: Slots
) -> None:
    edge.apply(route(slots[0]))
    file = edge.config_directory / "shop_prod.yml"
    written = file.stat().st_mtime_ns, file.stat().st_ino
    edge.apply(route(slots[0]))
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == written


def test_an_older_owner_leaves_the_file_as_it_is(edge: TraefikEdge, slots: Slots) -> None:
    edge.apply(route(slots[0], fence=8))
    file = edge.config_directory / "shop_prod.yml"
    before = file.read_bytes()
    with pytest.raises(FencedError, match="owner 8 wrote it after owner 7"):
        edge.apply(route(slots[1], fence=7))
    assert file.read_bytes() == before


def test_an_edge_that_does_not_obey_gets_its_route_back(
    edge: TraefikEdge, slots: Slots, edge_container: Container
) -> None:
    edge.apply(route(slots[0]))
    file = edge.config_directory / "shop_prod.yml"
    before = file.read_bytes()
    edge_container.stop(timeout=1)
    with pytest.raises(EdgeError, match="waiting until the edge obeys"):
        edge.model_copy(update={"obey_seconds": 1}).apply(route(slots[1], standby=slots[0]))
    assert file.read_bytes() == before


def test_a_first_route_that_is_not_obeyed_leaves_no_file(
    edge: TraefikEdge, edge_container: Container
) -> None:
    edge_container.stop(timeout=1)
    with pytest.raises(EdgeError):
        edge.model_copy(update={"obey_seconds": 0.5}).apply(route(Target(1, "http://nobody:8000")))
    assert edge.route("shop", "prod") is None


def test_what_a_newer_owner_wrote_meanwhile_is_not_taken_back(
    edge: TraefikEdge, slots: Slots, edge_container: Container
) -> None:
    edge.apply(route(slots[0], fence=1))
    edge_container.stop(timeout=1)
    file, newer = edge.config_directory / "shop_prod.yml", route(slots[0], fence=3)
    newer_owner = threading.Timer(0.5, write_atomically, (file, traefik_config(newer)))
    newer_owner.start()
    with pytest.raises(EdgeError):
        edge.model_copy(update={"obey_seconds": 1.5}).apply(route(slots[1], fence=2))
    newer_owner.join()
    assert edge.route("shop", "prod") == newer


def test_an_edge_that_restarts_between_write_and_verify_ends_obeyed(
    edge: TraefikEdge, slots: Slots, edge_container: Container
) -> None:
    edge.apply(route(slots[0]))
    edge_container.kill()
    back = threading.Timer(0.5, edge_container.start)
    back.start()
    edge.apply(route(slots[1], standby=slots[0]))
    back.join()
    assert edge.serving(DOMAIN, "/") == Served("shop", "prod", 2)


def test_an_edge_that_is_gone_cannot_say_who_serves(
    edge: TraefikEdge, edge_container: Container
) -> None:
    edge_container.stop(timeout=1)
    with pytest.raises(EdgeError, match=f"asking the edge who serves {DOMAIN}"):
        edge.serving(DOMAIN, "/")


def test_a_removed_route_answers_no_more(edge: TraefikEdge, slots: Slots) -> None:
    edge.apply(route(slots[0]))
    edge.remove("shop", "prod")
    assert edge.serving(DOMAIN, "/") is None
    assert edge.route("shop", "prod") is None


def test_an_edge_with_the_same_settings_is_started_again_and_a_stopped_one_with_others_is_renewed(
    tmp_path: Path,
) -> None:
    host = DockerHost(edge_network=f"edge-test-{uuid4().hex[:8]}")
    maker = EdgeMaker(host, images.EDGE, tmp_path, 0, 0)
    first = maker.ensure()
    try:
        assert maker.ensure() == first
        host.client.containers.get(first.container).stop(timeout=1)
        assert maker.ensure() == first
        host.client.containers.get(first.container).stop(timeout=1)
        other = replace(maker, folder=tmp_path / "elsewhere").ensure()
        assert other.container != first.container
        assert not other.outdated
    finally:
        stop_edge(host, host.edge_network, grace_seconds=1)
        host.client.networks.get(f"0-{host.edge_network}").remove()


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_large_upload_passes_whole(edge: TraefikEdge, slots: Slots, method: str) -> None:
    edge.apply(route(slots[0], standby=slots[1]))
    upload, headers = b"x" * 20_000_000, {"Host": DOMAIN}
    answer = httpx.request(
        method, edge.public_url, headers=headers, content=upload, timeout=30, trust_env=False
    )
    assert answer.status_code == 200
    assert answer.json()["received"] == len(upload)


def test_weights_share_the_requests(edge: TraefikEdge, slots: Slots) -> None:
    edge.apply(route(replace(slots[0], weight=50), replace(slots[1], weight=50)))
    with witness(edge) as traffic:
        time.sleep(0.6)
    assert set(traffic.figures().by_version) == {"shop/prod/1", "shop/prod/2"}
