"""What every Forwarders must do with ports of the host: they lead to who serves, and have one owner.
A test file makes it a suite: `class TestX(KeptPortsContract)` with the fixture below."""

from __future__ import annotations

import pytest

from tests.contracts.known_names_contract import Neighbours
from tidegate.edge.facts import Served
from tidegate.errors import CapacityError


class KeptPortsContract:
    """Needs the fixture `neighbours`."""

    def test_a_port_leads_to_who_serves_and_follows_the_switch(
        self, neighbours: Neighbours
    ) -> None:
        port = neighbours.host_port()
        assert neighbours.call(port) is None
        for slot in neighbours.slots:
            neighbours.serve(slot, port)
            assert neighbours.call(port) == Served("shop", "prod", slot.deployment)

    def test_while_nobody_serves_nobody_answers_and_the_port_comes_back(
        self, neighbours: Neighbours
    ) -> None:
        port, (slot, _) = neighbours.host_port(), neighbours.slots
        neighbours.serve(slot, port)
        neighbours.serve(None, port)
        assert neighbours.call(port) is None
        neighbours.serve(slot, port)
        assert neighbours.call(port) == Served("shop", "prod", 1)

    def test_a_port_that_is_kept_no_more_is_free(self, neighbours: Neighbours) -> None:
        (slot, _), kept, left = (
            neighbours.slots,
            neighbours.host_port(),
            neighbours.host_port(1),
        )
        neighbours.serve(slot, kept, left, neighbours.name())
        neighbours.serve(slot, kept)
        assert neighbours.call(left) is None
        assert neighbours.call(kept) == Served("shop", "prod", 1)
        with neighbours.hold(left, False):
            pass

    def test_a_port_moves_to_another_address(self, neighbours: Neighbours) -> None:
        """One of the two has room, so the old one goes first."""
        slot, _ = neighbours.slots
        neighbours.serve(slot, neighbours.host_port())
        neighbours.serve(slot, neighbours.host_port(address=""))
        assert neighbours.call(neighbours.host_port(address="")) == Served("shop", "prod", 1)

    def test_a_port_that_is_let_go_is_free_and_names_stay(self, neighbours: Neighbours) -> None:
        (slot, _), name, port, other = (
            neighbours.slots,
            neighbours.name(),
            neighbours.host_port(),
            neighbours.host_port(1),
        )
        neighbours.serve(slot, name, port, other)
        neighbours.forwarders.let_go("shop", "prod", {port.port})
        assert neighbours.call(port) is None
        assert neighbours.call(name) == neighbours.call(other) == Served("shop", "prod", 1)
        with neighbours.hold(port, False):
            pass
        neighbours.forwarders.let_go("shop", "prod", {port.port})
        assert neighbours.forwarders.lacking("shop", "prod", [name, port, other]) == [port]

    def test_a_port_that_somebody_has_is_refused_and_had_once_it_is_free(
        self, neighbours: Neighbours
    ) -> None:
        port, (slot, _) = neighbours.host_port(), neighbours.slots
        with (
            neighbours.hold(port, False) as holder,
            pytest.raises(CapacityError, match=f"forwarding {port}: .*{holder} has it"),
        ):
            neighbours.serve(slot, port)
        neighbours.serve(slot, port)
        assert neighbours.call(port) == Served("shop", "prod", 1)

    def test_a_port_stays_with_a_container_that_was_taken_over_while_it_runs(
        self, neighbours: Neighbours
    ) -> None:
        port, name, (slot, _) = neighbours.host_port(), neighbours.name(), neighbours.slots
        neighbours.serve(slot)  # so that its network is there
        with neighbours.hold(port, True):
            neighbours.serve(slot, port, name)
            assert neighbours.call(name) == Served("shop", "prod", 1)
            assert neighbours.call(port) is None
            assert neighbours.forwarders.lacking("shop", "prod", [port, name]) == []
        assert neighbours.forwarders.lacking("shop", "prod", [port, name]) == [port]
        neighbours.serve(slot, port, name)
        assert neighbours.call(port) == Served("shop", "prod", 1)

    def test_environments_keep_ports_of_their_own(self, neighbours: Neighbours) -> None:
        (one, other), of_prod, of_staging = (
            neighbours.slots,
            neighbours.host_port(),
            neighbours.host_port(1),
        )
        neighbours.serve(one, of_prod)
        neighbours.serve(other, of_staging, environment="staging")
        neighbours.forwarders.let_go("shop", "staging", {of_prod.port})
        assert neighbours.call(of_staging) == Served("shop", "staging", 2)
        neighbours.forwarders.keep("shop", "staging", [])
        assert neighbours.call(of_staging) is None
        assert neighbours.call(of_prod) == Served("shop", "prod", 1)
