"""A serving edge is replaced without a lost request, and what a crash left in the middle ends the
same way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from docker.models.containers import Container

from blocks.docker.host import DockerHost
from blocks.edges.traefik import port_redirect
from blocks.edges.traefik.container import SETTINGS_LABEL, EdgeMaker, stop_edge
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.looked_at import refuse_foreign
from blocks.edges.traefik.networks import BESIDE, ROLE_LABEL, join_environment
from blocks.edges.traefik.replacing import EdgeReplacing
from blocks.probes.witness import TrafficWitness
from tests import images
from tests.installation import free_ports
from tests.integration.edge_fixtures import BACKEND, DOMAIN, route, target, wait_until_it_listens
from tidegate.edge.facts import Served
from tidegate.errors import EdgeError, TidegateError

OLD_FLAGS = (  # of 0.1.0: the check entry point listened on all networks
    "--entrypoints.web.address=:8000",
    "--entrypoints.check.address=:8001",
    "--providers.file.directory=/etc/traefik/dynamic",
    "--providers.file.watch=true",
    "--providers.providersthrottleduration=20ms",
    "--ping=true",
    "--ping.manualrouting=true",
    "--api=true",
    "--api.dashboard=false",
    "--metrics.prometheus=true",
    "--metrics.prometheus.manualrouting=true",
    "--entrypoints.web.transport.lifecycle.gracetimeout=30s",
    "--log.level=ERROR",
)


@pytest.fixture
def old_edge(tmp_path: Path) -> Iterator[EdgeReplacing]:
    """The edge that 0.1.0 started, with a slot on the network that all slots shared; it serves."""
    host = DockerHost(edge_network=f"edge-test-{uuid4().hex[:8]}")
    shared = host.client.networks.create(host.edge_network, labels={ROLE_LABEL: "edge"})
    public, check = free_ports(2)
    maker = EdgeMaker(host, images.EDGE, tmp_path, public, check)
    (tmp_path / "edge.yml").write_text("http: {}\n")
    container = host.client.containers.run(
        images.EDGE,
        list(OLD_FLAGS),
        name=host.edge_network,
        network=host.edge_network,
        detach=True,
        ports={"8000/tcp": ("127.0.0.1", public), "8001/tcp": ("127.0.0.1", check)},
        labels={"tidegate.settings": "old"},
        volumes={str(tmp_path): {"bind": "/etc/traefik/dynamic", "mode": "ro"}},
    )
    slot = backend(host, host.edge_network, 1)
    edge = TraefikEdge(
        config_directory=tmp_path,
        public_url=f"http://127.0.0.1:{public}",
        check_url=f"http://127.0.0.1:{check}",
    )
    assert maker.ensure().outdated
    assert maker.ensure().container == container.id
    edge.apply(route(target(1, slot)))
    yield EdgeReplacing(maker, edge, drain_seconds=5)
    port_redirect.undo(f"tidegate-replacing-{host.edge_network}")
    for name in (host.edge_network, host.edge_network + BESIDE):
        stop_edge(host, name, grace_seconds=1)
    for one in host.client.containers.list(all=True, filters={"name": host.edge_network}):
        one.remove(force=True)
    for network in host.client.networks.list(
        filters={"label": f"tidegate.edge={host.edge_network}"}
    ):
        network.remove()
    if host.client.networks.list(names=[f"^{host.edge_network}$"]):
        shared.remove()


def backend(host: DockerHost, network: str, number: int) -> Container:
    made: Container = host.client.containers.run(
        images.BASE,
        ["python3", "-c", BACKEND],
        name=f"{host.edge_network}-slot-{number}",
        detach=True,
        network=network,
        environment={"VERSION": f"v{number}"},
    )
    wait_until_it_listens(made)
    return made


@contextmanager
def fresh_connections(url: str) -> Iterator[Counter[str]]:
    """Each request by a connection of its own, one after the other."""
    seen: Counter[str] = Counter()
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(0.02):
            try:
                answer = httpx.get(url, headers={"Host": DOMAIN}, trust_env=False, timeout=60)
                seen[str(answer.status_code)] += 1
            except httpx.HTTPError as error:
                seen[f"{type(error).__name__}: {error}"] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    yield seen
    stop.set()
    thread.join()


def test_an_edge_of_the_first_version_is_replaced_under_traffic_without_a_lost_request(
    old_edge: EdgeReplacing,
) -> None:
    edge, host = old_edge.edge, old_edge.maker.host
    before = host.client.containers.get(host.edge_network).id
    with (
        fresh_connections(edge.public_url) as fresh,
        TrafficWitness(
            edge.public_url,
            DOMAIN,
            "/",
            rate_per_second=60,
            timeout_seconds=60,
            long_path="/slow?4",
            owner=("shop", "prod"),
        ) as kept,
    ):
        addresses = old_edge.replace()
    print("kept-alive", kept.figures(), "fresh", dict(fresh))
    assert (kept.failures(), set(fresh)) == ([], {"200"})
    assert kept.figures().total > 200
    assert addresses.container != before
    assert_one_edge(old_edge)
    slot = backend(
        host, join_environment(host, "shop", "prod"), 2
    )  # the next release: on a network of its own
    edge.apply(
        route(
            target(2, slot),
            standby=target(1, host.client.containers.get(f"{host.edge_network}-slot-1")),
            fence=2,
        )
    )
    assert edge.serving(DOMAIN, "/") == Served("shop", "prod", 2)


def assert_one_edge(replacing: EdgeReplacing) -> None:
    """On its ports, with the settings of now; nothing is redirected, nobody beside, and no answer
    ends its connection."""
    name, edge = replacing.maker.name, replacing.edge
    assert port_redirect.redirected(replacing.comment) == []
    assert [
        one.name
        for one in replacing.maker.host.client.containers.list(all=True, filters={"name": name})
        if one.name in (name, name + BESIDE)
    ] == [name]
    assert replacing.maker.host.client.containers.get(name).labels[SETTINGS_LABEL] != "old"
    assert edge.serving(DOMAIN, "/") == Served("shop", "prod", 1)
    assert not [
        file
        for file in edge.config_directory.glob("*.yml")
        if "Connection: close" in file.read_text()
    ]


def test_a_serving_edge_goes_on_when_its_image_was_tagged_anew_or_is_gone(
    old_edge: EdgeReplacing,
) -> None:
    before = old_edge.maker.ensure()
    for image in (images.BASE, "no-such-image:1"):
        assert replace(old_edge.maker, image=image).ensure() == replace(before, outdated=True)
    assert old_edge.edge.serving(DOMAIN, "/") == Served("shop", "prod", 1)


def test_an_edge_that_the_old_slots_need_goes_on_serving_them_and_takes_new_ones(
    old_edge: EdgeReplacing,
) -> None:
    edge, host = old_edge.edge, old_edge.maker.host
    with TrafficWitness(
        edge.public_url, DOMAIN, "/", rate_per_second=60, timeout_seconds=60, owner=("shop", "prod")
    ) as kept:
        slot = backend(host, join_environment(host, "shop", "prod"), 2)
        edge.apply(route(target(2, slot), fence=2))
    assert kept.failures() == []
    assert edge.serving(DOMAIN, "/") == Served("shop", "prod", 2)


EARLIER = pytest.mark.crash_only("the last moment, when only one of the two edges is there")


@pytest.mark.parametrize(
    "killed_at",
    [
        pytest.param("redirected", marks=EARLIER),
        pytest.param("closing", marks=EARLIER),
        "old edge gone",
    ],
)
def test_what_a_crash_left_in_the_middle_serves_and_is_brought_to_the_end(
    old_edge: EdgeReplacing, killed_at: str
) -> None:
    _, addresses = old_edge.maker.make_beside()
    old_edge._redirect(addresses)
    if killed_at != "redirected":
        old_edge.edge.renew(closing=True)
    if killed_at == "old edge gone":
        stop_edge(old_edge.maker.host, old_edge.maker.name)
    url = old_edge.edge.public_url
    with TrafficWitness(
        url, DOMAIN, "/", rate_per_second=60, timeout_seconds=60, owner=("shop", "prod")
    ) as kept:
        assert old_edge.finish()
    assert kept.failures() == []
    assert old_edge.edge.serving(DOMAIN, "/") == Served("shop", "prod", 1)
    assert not old_edge.finish()
    assert port_redirect.redirected(old_edge.comment) == []


def test_an_edge_that_does_not_come_up_leaves_the_old_one_serving(old_edge: EdgeReplacing) -> None:
    broken = replace(old_edge, maker=replace(old_edge.maker, image=images.BASE, start_seconds=1))
    before = old_edge.maker.host.client.containers.get(old_edge.maker.name).id
    kept = TrafficWitness(
        old_edge.edge.public_url,
        DOMAIN,
        "/",
        rate_per_second=60,
        timeout_seconds=60,
        owner=("shop", "prod"),
    )
    with kept, pytest.raises(TidegateError):
        broken.replace()
    assert kept.failures() == []
    assert old_edge.maker.host.client.containers.get(old_edge.maker.name).id == before
    assert not old_edge.finish()


def test_without_the_means_it_is_refused_and_says_why(
    old_edge: EdgeReplacing, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = replace(
        old_edge, maker=replace(old_edge.maker, host=DockerHost(url="tcp://127.0.0.1:2376"))
    )
    assert remote.why_impossible() == "the engine is on another machine"
    monkeypatch.setenv("PATH", "/nowhere")
    assert old_edge.why_impossible() == "this machine has no iptables"


def test_with_an_outage_that_was_accepted_its_length_is_known(old_edge: EdgeReplacing) -> None:
    seconds = old_edge.replace_with_outage()
    assert 0 < seconds < 60
    assert_one_edge(old_edge)


def test_an_edge_that_takes_its_routes_from_elsewhere_is_not_taken_for_ours(
    old_edge: EdgeReplacing, tmp_path: Path
) -> None:
    refuse_foreign(old_edge.maker, "starting the edge")
    here = replace(old_edge.maker, folder=tmp_path / "another clone")
    with pytest.raises(EdgeError, match=f"another installation's: it reads {tmp_path}") as raised:
        refuse_foreign(here, "starting the edge")
    assert "`tidegate edge replace`" in raised.value.to_do
