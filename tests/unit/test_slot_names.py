"""For compose files of any kind: what a service could call before, it can call in a slot, and no
other slot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.compose_models import model
from tidegate.facts import ComposeModel
from tidegate.stack.compose_lint import lint_model
from tidegate.stack.names import names_in_slot
from tidegate.stack.slot import make_slot

SERVICES = ("web", "Api_2", "adhoc_worker", "nginx", "db", "cache", "web-proxy")
NETWORKS = ("default", "aaa-shared", "data")


@dataclass(frozen=True)
class Container:
    """`who` is the service in the team's file, `slot` the number of its slot or 0 for the base."""

    who: str
    slot: int
    names: dict[str, frozenset[str]]
    """The engine's name of a network -> the names by which it is found there."""

    def __hash__(self) -> int:
        return hash((self.who, self.slot))


def found(caller: Container, name: str, others: list[Container]) -> set[Container]:
    """As the engine looks a name up: in the caller's networks one after the other, by their
    alphabet."""
    for network in sorted(caller.names):
        if there := {one for one in others if name in one.names.get(network, ())}:
            return there
    return set()


def as_compose_starts_it(source: ComposeModel, project: str, slot: int = 0) -> Iterator[Container]:
    """The containers of one project, with every name that compose gives them."""
    for key, service in source["services"].items():
        who = key.removesuffix(f"-{slot}") if slot else key
        names = {}
        for network, options in (service.get("networks") or {}).items():
            own = {
                key,
                *((options or {}).get("aliases") or []),
                service.get("container_name") or f"{project}-{key}-1",
            }
            names[source["networks"][network].get("name") or f"{project}_{network}"] = frozenset(
                own
            )
        yield Container(who, slot, names)


def callable_before(source: ComposeModel, caller: str) -> dict[str, set[str]]:
    """Name -> the services that it may mean for `caller`, when one project runs them all."""
    containers = {one.who: one for one in as_compose_starts_it(source, "shop")}
    known: dict[str, set[str]] = {}
    for one in containers.values():
        shared = one.names.keys() & containers[caller].names.keys()
        for name in (name for network in shared for name in one.names[network]):
            known.setdefault(name, set()).add(one.who)
    for link in source["services"][caller].get("links", []):
        target, _, alias = link.partition(":")
        if (
            containers[target].names.keys() & containers[caller].names.keys()
        ):  # otherwise it led nowhere
            known[alias or target] = {target}
    return {
        name: who for name, who in known.items() if not name.startswith("shop-")
    }  # nobody chose such a name


@st.composite
def compose_files(draw: st.DrawFn) -> ComposeModel:
    """Services on networks of their own and of others, with aliases, container names and links."""
    names = draw(st.lists(st.sampled_from(SERVICES), min_size=3, max_size=6, unique=True))
    services: dict[str, Any] = {}
    for name in names:
        networks = draw(st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3, unique=True))
        own = st.sampled_from([f"{name}.local", f"the-{name}", f"{name}.internal", "api"])
        aliases = st.lists(own, max_size=2, unique=True)
        services[name] = {
            "image": "acme/x:1",
            "networks": {one: {"aliases": draw(aliases)} for one in networks},
        }
        if draw(st.booleans()):
            services[name]["container_name"] = f"shop_{name}"
        if (linked := draw(st.sampled_from([*names, *names, None]))) and linked != name:
            services[name]["links"] = [
                draw(st.sampled_from([linked, linked, f"{linked}:linked-{linked}"]))
            ]
    return {
        "name": "shop-prod",
        "services": services,
        "networks": {
            "default": {"name": "shop-prod_default"},
            "aaa-shared": {"name": "aaa-shared", "external": True},
            "data": {},
        },
    }


def started(source: ComposeModel, released: list[str]) -> list[Container]:
    """The base and two slots, as they stand side by side during a release; and another application
    on the shared network, which calls a service of its own as this one does."""

    def slot(number: int) -> ComposeModel:
        project = f"shop-prod-{number}"
        return make_slot(
            source,
            base_project="shop-prod",
            project=project,
            number=number,
            released=released,
            labels={},
            images=dict.fromkeys(released, "sha256:1"),
            edge_network="edge_shop_prod",
        ).model

    base = {
        **source,
        "services": {name: one for name, one in source["services"].items() if name not in released},
    }
    stranger = Container("stranger", -1, {"aaa-shared": frozenset({released[0]})})
    return [
        stranger,
        *as_compose_starts_it(base, "shop-prod"),
        *(
            one
            for number in (7, 8)
            for one in as_compose_starts_it(slot(number), f"shop-prod-{number}", number)
        ),
    ]


@given(st.data())
def test_every_name_that_a_service_could_call_it_can_call_in_a_slot_its_own_slot_s_first(
    data: st.DataObject,
) -> None:
    source = data.draw(compose_files())
    released = data.draw(
        st.lists(st.sampled_from(list(source["services"])), min_size=2, unique=True)
    )
    if lint_model(source, released, "production"):
        return  # refused before anything is started
    there = started(source, released)
    for caller in (one for one in there if one.slot == 8):
        for name, meant in callable_before(source, caller.who).items():
            answering = found(caller, name, there)
            in_slot = {one for one in there if one.slot == 8 and one.who in meant}
            in_base = {one for one in there if one.slot == 0 and one.who in meant}
            assert answering, f"{caller.who} finds no {name}"
            assert answering <= (in_slot or in_base), f"{caller.who} finds {answering} by {name}"


@given(st.data())
def test_no_name_of_a_compose_file_leads_from_one_slot_or_from_the_base_into_another_slot(
    data: st.DataObject,
) -> None:
    source = data.draw(compose_files())
    released = data.draw(
        st.lists(st.sampled_from(list(source["services"])), min_size=1, unique=True)
    )
    if lint_model(source, released, "production"):
        return
    there = started(source, released)
    names = {name for one in source["services"] for name in callable_before(source, one)} | set(
        source["services"]
    )
    for caller in there:
        for name in names:
            assert {one.slot for one in found(caller, name, there)} <= {-1, 0, caller.slot}


def test_a_slot_keeps_the_container_name_and_the_names_that_links_give() -> None:
    source = model(worker={"links": ["backend:queue-api"]})
    assert names_in_slot(source, "backend", ["backend", "worker"]) == [
        "backend",
        "api",
        "cloudlens-backend",
        "queue-api",
    ]
    assert names_in_slot(source, "backend", ["backend"]) == ["backend", "api", "cloudlens-backend"]


def test_a_link_that_takes_the_name_of_another_service_is_refused() -> None:
    assert lint_model(
        model(worker={"links": ["backend:redis"]}), ["backend", "worker"], "production"
    ) == [
        "services.worker.links: backend:redis gives it the name of another service; use the service's own"
    ]


def test_a_name_that_means_two_services_in_two_networks_is_refused() -> None:
    source = model(redis={"networks": {"data": {"aliases": ["api"]}}})
    assert lint_model(source, ["backend", "worker"], "production") == [
        "services.backend.networks: api is a name of backend and redis in different networks; "
        "give each a name of its own"
    ]


@pytest.mark.parametrize("name", ["adhoc_worker", "Web", "a.b", "x-1_2"])
def test_a_service_has_any_name_that_compose_allows(name: str) -> None:
    source: ComposeModel = {
        "name": "p",
        "services": {name: {"image": "x", "networks": {"default": None}, "labels": {}}},
        "networks": {"default": {}},
    }
    made = make_slot(
        source,
        base_project="p-prod",
        project="p-prod-1",
        number=1,
        released=[name],
        labels={},
        images={name: "sha256:1"},
        edge_network="edge",
    ).model
    assert set(made["services"]) == {f"{name}-1"}
