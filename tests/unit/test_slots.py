"""P25, P85, P86, P90, P94: two slots run side by side on the same data and never answer for each
other."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.compose_models import model
from tidegate.errors import StackFileError
from tidegate.facts import ComposeModel, Slot
from tidegate.stack.roles import part_of
from tidegate.stack.slot import (
    EDGE_NETWORK,
    SLOT_NETWORK,
    base_services,
    edge_alias,
    make_slot,
    memory_needed,
    published_ports,
    singleton_reasons,
)

RELEASED = ["backend", "worker"]
IMAGES = {"backend": "sha256:" + "a" * 64, "worker": "acme/worker@sha256:" + "b" * 64}


def slot(
    number: int = 42,
    source: ComposeModel | None = None,
    released: list[str] = RELEASED,
    project: str | None = None,
) -> Slot:
    return make_slot(
        source or model(),
        base_project="cloudlens-prod",
        project=project or f"cloudlens-prod-{number}",
        number=number,
        released=released,
        images=IMAGES,
        edge_network="edge",
        labels={"tidegate.deployment": str(number)},
    )


@pytest.fixture
def backend() -> Any:
    return slot().model["services"]["backend-42"]


def test_only_released_services_are_in_a_slot_under_names_of_their_own() -> None:
    assert set(slot().model["services"]) == {"backend-42", "worker-42"}
    assert set(slot(released=["backend"]).model["services"]) == {"backend-42"}


def test_the_image_is_pinned_and_never_pulled_or_built(backend: Any) -> None:
    assert (backend["image"], backend["pull_policy"]) == (IMAGES["backend"], "never")
    assert "build" not in backend


def test_what_can_exist_only_once_on_a_host_is_taken_out(backend: Any) -> None:
    assert not {"container_name", "ports", "profiles", "links"} & backend.keys()
    assert backend["networks"]["default"] is None


def test_what_makes_the_service_work_is_kept(backend: Any) -> None:
    original = model()["services"]["backend"]
    for key in ("restart", "healthcheck", "environment", "volumes", "deploy", "mem_limit"):
        assert backend[key] == original[key]
    assert backend["labels"] == {
        "team": "lens",
        "tidegate.deployment": "42",
        "traefik.enable": "false",
    }


def test_a_service_waits_for_released_ones_only_since_the_others_live_in_the_base_project(
    backend: Any,
) -> None:
    assert set(backend["depends_on"]) == {"worker-42"}
    assert "depends_on" not in slot(released=["backend"]).model["services"]["backend-42"]


def test_a_service_keeps_its_names_only_in_the_network_of_its_slot(backend: Any) -> None:
    assert backend["networks"][SLOT_NETWORK] == {"aliases": ["backend", "api", "cloudlens-backend"]}
    assert backend["networks"][EDGE_NETWORK] == {"aliases": ["cloudlens-prod-42-backend"]}


def test_networks_and_volumes_of_the_base_project_are_used_by_their_own_names() -> None:
    made = slot().model
    assert made["networks"] == {
        "data": {"name": "shared-data", "external": True},
        "default": {"name": "cloudlens-prod_default", "external": True},
        SLOT_NETWORK: {"name": "0-cloudlens-prod-42", "labels": {"tidegate.deployment": "42"}},
        EDGE_NETWORK: {"name": "edge", "external": True},
    }
    assert made["volumes"] == {
        "cache": {"name": "cloudlens-prod_cache", "external": True},
        "uploads": {"name": "pinned-uploads", "external": True},
    }


@pytest.mark.parametrize(
    ("closed", "is_closed"),
    [((), False), (("data",), False), (("default",), True), (("data", "default"), True)],
)
def test_a_slot_gives_no_way_out_to_a_service_on_closed_networks_alone(
    closed: tuple[str, ...], is_closed: bool
) -> None:
    """Where nobody is closed in, names are found in the slot first, which an engine does not do in
    a closed network."""
    source = model()
    source["networks"] |= {key: {**source["networks"][key], "internal": True} for key in closed}
    assert slot(source=source).model["networks"][SLOT_NETWORK].get("internal", False) is is_closed


def test_a_network_or_volume_without_a_printed_name_gets_the_one_that_compose_gives() -> None:
    source = model()
    source["networks"]["default"], source["volumes"]["cache"] = {}, None
    made = slot(source=source).model
    assert made["networks"]["default"]["name"] == "cloudlens-prod_default"
    assert made["volumes"]["cache"]["name"] == "cloudlens-prod_cache"


def test_a_service_that_is_in_the_edge_network_already_is_not_attached_twice() -> None:
    source = model()
    source["networks"]["data"]["name"] = "edge"
    assert "data" not in slot(source=source).model["services"]["backend-42"]["networks"]


def test_mounted_secrets_and_configs_come_along() -> None:
    source = model(backend={"secrets": [{"source": "key"}]}) | {
        "secrets": {"key": {"file": "/srv/key"}}
    }
    assert slot(source=source).model["secrets"] == {"key": {"file": "/srv/key"}}


def test_the_team_s_model_stays_as_it_was() -> None:
    source = model()
    before = deepcopy(source)
    slot(source=source)
    assert source == before


@given(st.integers(1, 99999), st.integers(1, 99999))
def test_no_name_of_one_slot_answers_for_another_on_a_shared_network(one: int, other: int) -> None:
    def shared_names(number: int) -> set[str]:
        services = slot(number).model["services"]
        aliases = {
            alias
            for service in services.values()
            for key, network in service["networks"].items()
            if key != SLOT_NETWORK
            for alias in (network or {}).get("aliases", [])
        }
        return aliases | set(services)

    assert not shared_names(one) & set(model()["services"])
    assert one == other or not shared_names(one) & shared_names(other)


@pytest.mark.parametrize(
    ("source", "released", "project", "fault"),
    [
        (model(), ["backend", "web"], "p-1", "services.web: is not in the compose files"),
        (model(), ["redis"], "p-1", "services.redis: has no image"),
        (
            model(backend={"network_mode": "host"}),
            ["backend"],
            "p-1",
            "network_mode: must not be set",
        ),
        (model(), ["backend"], "p" * 60, "longer than 63"),
    ],
)
def test_what_cannot_be_a_slot_is_refused(
    source: ComposeModel, released: list[str], project: str, fault: str
) -> None:
    with pytest.raises(StackFileError, match=fault):
        slot(source=source, released=released, project=project)


def test_what_is_not_released_lives_once_in_the_base_project() -> None:
    assert base_services(model(), RELEASED) == ["mysql", "redis"]


def test_the_memory_of_a_slot_is_the_sum_of_its_limits_times_replicas() -> None:
    assert memory_needed(model(), RELEASED) == 536870912 + 104857600
    twice = model(worker={"deploy": {"replicas": 2, "resources": {"limits": {"memory": "1000"}}}})
    assert memory_needed(twice, ["worker"]) == 2000
    assert memory_needed(model(), ["redis"]) == 0


def test_a_service_that_cannot_run_twice_says_why() -> None:
    assert (
        singleton_reasons(model(), ["worker", "backend"]) == []
    )  # a fixed address is left out of the slot
    tied = model(worker={"networks": {}, "network_mode": "host"})
    assert singleton_reasons(tied, ["worker"]) == ["worker: has network_mode host"]


@pytest.mark.parametrize("written", [{}, {"tidegate.singleton": "True"}])
def test_a_service_that_never_runs_twice_is_marked_as_it_is_looked_for(
    written: dict[str, str],
) -> None:
    found = model()
    found["services"]["worker"]["labels"] = written
    made = make_slot(
        found,
        base_project="cloudlens-prod",
        project="cloudlens-prod-42",
        number=42,
        released=RELEASED,
        images=IMAGES,
        edge_network="edge",
        labels={},
        alone=["worker"],
    ).model["services"]
    assert [
        name for name, one in made.items() if one["labels"].get("tidegate.singleton") == "true"
    ] == ["worker-42"]


def test_a_part_of_a_slot_waits_for_what_is_in_it_alone() -> None:
    part = part_of(slot(), ["backend-42"]).model["services"]
    assert set(part) == {"backend-42"}
    assert "depends_on" not in part["backend-42"]
    assert set(
        part_of(slot(), ["backend-42", "worker-42"]).model["services"]["backend-42"]["depends_on"]
    ) == {"worker-42"}


def test_the_edge_reaches_a_slot_by_project_and_service() -> None:
    assert edge_alias("cloudlens-prod-42", "backend") == "cloudlens-prod-42-backend"


def test_the_host_s_ports_that_a_service_takes_are_known_with_their_address() -> None:
    ports = [
        {"target": 3306, "published": "3307", "host_ip": "127.0.0.1", "protocol": "tcp"},
        {"target": 3308, "published": "3308", "protocol": "tcp"},
        {"target": 53, "published": "53", "protocol": "udp"},
        {"target": 9000, "protocol": "tcp"},
    ]
    assert published_ports({"services": {"mysql": {"ports": ports}}}, "mysql") == [
        ("127.0.0.1", 3307),
        ("0.0.0.0", 3308),
    ]


def test_a_slot_of_one_service_takes_no_network_of_its_own_because_an_engine_has_few() -> None:
    made = make_slot(
        model(),
        base_project="cloudlens-prod",
        project="cloudlens-prod-42",
        number=42,
        released=["backend"],
        images={"backend": "sha256:1"},
        edge_network="edge",
        labels={},
    )
    assert SLOT_NETWORK not in made.model["networks"]
    assert SLOT_NETWORK not in made.model["services"]["backend-42"]["networks"]
