"""What every Forwarders must do: a name on a network of other stacks leads to who serves. A test
file makes it a suite: `class TestX(KnownNamesContract)` with the fixture below."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tidegate.edge.facts import CalledBy, Door, HostPort, KnownName, Route, Served, Target
from tidegate.edge.ports import Edge, Forwarders

DOMAIN = "shop.example.test"


@dataclass(frozen=True)
class Neighbours:
    """Of the stacks on `networks`, and what they get."""

    forwarders: Forwarders
    edge: Edge
    slots: tuple[Target, Target]
    """Two that answer, deployments 1 and 2."""
    port: int
    """At which they listen."""
    networks: tuple[str, str]
    call: Callable[[CalledBy], Served | None]
    """Who answers a container of another stack that calls this name, or anybody who calls this port
    of the host."""
    start: Callable[[str, str, str], str]
    """Starts a container on a network, under a name there and in a compose project; returns what it
    is called."""
    hold: Callable[[HostPort, bool], AbstractContextManager[str]]
    """A container has a port of the host meanwhile: one that was taken over into production, and so
    is on its network towards the edge, or one of somebody else."""
    free: tuple[int, int] = (8180, 8190)
    """Ports of the host that nobody has."""

    def name(self, name: str = "ocr", network: int = 0, port: int | None = None) -> KnownName:
        return KnownName(name, self.networks[network], port or self.port, "/ready")

    def host_port(self, number: int = 0, address: str = "127.0.0.1") -> HostPort:
        return HostPort(address, self.free[number], "/ready")

    def serve(self, slot: Target | None, *called: CalledBy, environment: str = "prod") -> None:
        """Tell the edge, and then the forwarders."""
        hosts = tuple(one.host for one in called)
        domain = DOMAIN if environment == "prod" else f"{environment}.{DOMAIN}"
        targets: tuple[Target, ...] = ()
        if slot:
            people = Door((domain,), "/", slot.url, "/ready")
            doors = (people, *(Door((host,), "/", slot.url, "/ready") for host in hosts))
            targets = (Target(slot.deployment, slot.url, doors=doors),)
        domains = (domain, *hosts)
        route = Route("shop", environment, domains, targets, None, None, 1, "/ready", False)
        self.edge.apply(route)
        if slot:
            self.forwarders.keep("shop", environment, called)


class KnownNamesContract:
    """Needs the fixture `neighbours`."""

    def test_a_name_leads_to_who_serves_and_follows_the_switch(
        self, neighbours: Neighbours
    ) -> None:
        name = neighbours.name()
        assert neighbours.call(name) is None
        for slot in neighbours.slots:
            neighbours.serve(slot, name)
            assert neighbours.call(name) == Served("shop", "prod", slot.deployment)

    def test_while_nobody_serves_nobody_answers_and_the_name_comes_back(
        self, neighbours: Neighbours
    ) -> None:
        name, (slot, _) = neighbours.name(), neighbours.slots
        neighbours.serve(slot, name)
        neighbours.serve(None, name)
        assert neighbours.call(name) is None
        neighbours.serve(slot, name)
        assert neighbours.call(name) == Served("shop", "prod", 1)

    def test_a_name_has_several_ports_which_come_and_go(self, neighbours: Neighbours) -> None:
        (slot, other), first, second = (
            neighbours.slots,
            neighbours.name(),
            neighbours.name(port=9000),
        )
        neighbours.serve(slot, first, second)
        assert neighbours.call(first) == neighbours.call(second) == Served("shop", "prod", 1)
        third = neighbours.name(port=9001)
        assert neighbours.forwarders.lacking("shop", "prod", [first, second, third]) == [third]
        assert neighbours.forwarders.lacking("shop", "staging", [first]) == [first]
        neighbours.serve(other, first)
        assert neighbours.call(first) == Served("shop", "prod", 2)
        assert neighbours.call(second) is None

    def test_a_name_is_on_its_own_network_and_on_no_other(self, neighbours: Neighbours) -> None:
        (slot, _), here, there = neighbours.slots, neighbours.name(), neighbours.name(network=1)
        neighbours.serve(slot, here)
        assert neighbours.call(there) is None
        neighbours.serve(slot, here, there)
        assert neighbours.call(here) == neighbours.call(there) == Served("shop", "prod", 1)

    def test_a_name_that_is_wanted_no_more_leads_nowhere_and_the_others_stay(
        self, neighbours: Neighbours
    ) -> None:
        (slot, _), kept, left = neighbours.slots, neighbours.name(), neighbours.name("reader")
        neighbours.serve(slot, kept, left)
        neighbours.serve(slot, kept)
        assert neighbours.call(left) is None
        assert neighbours.call(kept) == Served("shop", "prod", 1)

    def test_environments_do_not_touch_each_other(self, neighbours: Neighbours) -> None:
        (one, other), of_prod, of_staging = (
            neighbours.slots,
            neighbours.name(),
            neighbours.name("ocr-staging"),
        )
        neighbours.serve(one, of_prod)
        neighbours.serve(other, of_staging, environment="staging")
        neighbours.forwarders.keep("shop", "staging", [])
        assert neighbours.call(of_prod) == Served("shop", "prod", 1)
        assert neighbours.call(of_staging) is None

    def test_who_has_a_name_on_a_network_already_is_told(self, neighbours: Neighbours) -> None:
        """Its own forwarder is no other."""
        name, (slot, _) = neighbours.name(), neighbours.slots
        neighbours.serve(slot, name)
        assert neighbours.forwarders.others(name, "shop") == []
        other = neighbours.start(name.network, name.name, "mill")
        assert neighbours.forwarders.others(name, "shop") == [other]
        assert neighbours.forwarders.others(name, "mill") == []
        assert neighbours.forwarders.others(neighbours.name("reader"), "shop") == []
