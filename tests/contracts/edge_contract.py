"""What every Edge must do. A test file makes it a suite: `class TestX(EdgeContract)` with the
fixtures below."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tidegate.edge.facts import Door, Route, Served, Target
from tidegate.edge.ports import Edge
from tidegate.errors import EdgeError, FencedError


class EdgeContract:
    """Needs the fixtures `edge` (told nothing yet), `slots` (two targets that answer, deployments 1
    and 2) and `refusing` (deployment 502, which answers 502)."""

    domain = "contract.example.test"

    @pytest.fixture
    def impatient(self, edge: Edge) -> Edge:
        """The same edge, which does not wait for long until it obeys."""
        return edge

    def route(
        self,
        *targets: Target,
        fence: int = 5,
        candidate: Target | None = None,
        standby: Target | None = None,
    ) -> Route:
        return Route(
            "contract", "prod", (self.domain,), targets, standby, candidate, fence, "/ready", False
        )

    def test_an_edge_that_was_told_nothing_serves_nothing(self, edge: Edge) -> None:
        assert edge.route("contract", "prod") is None
        assert edge.serving(self.domain, "/") is None

    def test_what_was_applied_is_read_back_and_serves(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        route = self.route(slots[0])
        edge.apply(route)
        assert edge.route("contract", "prod") == route
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)

    def test_a_candidate_beside_does_not_serve(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        edge.apply(self.route(slots[0], candidate=slots[1]))
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)

    def test_a_switch_changes_who_serves_and_keeps_the_standby(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        edge.apply(self.route(slots[0]))
        switched = self.route(slots[1], standby=slots[0])
        edge.apply(switched)
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 2)
        assert edge.route("contract", "prod") == switched

    def test_applying_a_route_twice_changes_nothing(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        for _ in range(2):
            edge.apply(self.route(slots[0]))
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)

    def test_people_are_moved_to_no_slot_that_refuses_them(
        self, edge: Edge, impatient: Edge, slots: tuple[Target, Target], refusing: Target
    ) -> None:
        edge.apply(self.route(slots[0]))
        for wanted in (self.route(refusing), self.route(refusing, standby=slots[0])):
            with pytest.raises(EdgeError):
                impatient.apply(wanted)
            assert edge.route("contract", "prod") == self.route(slots[0])
            assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)

    def test_what_refuses_people_from_the_first_is_no_route(
        self, edge: Edge, impatient: Edge, refusing: Target
    ) -> None:
        with pytest.raises(EdgeError):
            impatient.apply(self.route(refusing))
        assert edge.route("contract", "prod") is None

    def test_how_a_candidate_answers_is_no_matter_of_the_edge(
        self, edge: Edge, slots: tuple[Target, Target], refusing: Target
    ) -> None:
        edge.apply(self.route(slots[0], candidate=refusing))
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)

    def test_an_older_owner_is_refused_and_changes_nothing(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        newer = self.route(slots[1], fence=6)
        edge.apply(newer)
        with pytest.raises(FencedError):
            edge.apply(self.route(slots[0], fence=5))
        assert edge.route("contract", "prod") == newer
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 2)

    def test_environments_do_not_touch_each_other(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        edge.apply(self.route(slots[0]))
        edge.apply(
            replace(self.route(slots[1]), environment="staging", domains=("staging.example.test",))
        )
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)
        assert edge.serving("staging.example.test", "/") == Served("contract", "staging", 2)

    @pytest.mark.parametrize("owner", [("thief", "prod"), ("contract", "staging")])
    def test_a_host_name_has_one_owner_who_keeps_it(
        self, edge: Edge, slots: tuple[Target, Target], owner: tuple[str, str]
    ) -> None:
        edge.apply(self.route(slots[0]))
        stolen = replace(self.route(slots[1], fence=99), stack=owner[0], environment=owner[1])
        with pytest.raises(EdgeError, match=f"{self.domain} belongs to contract prod"):
            edge.apply(stolen)
        assert edge.route(*owner) is None
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)

    def test_a_candidate_takes_no_host_name_of_others_either(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        edge.apply(self.route(slots[0]))
        with pytest.raises(EdgeError, match="belongs to contract prod"):
            edge.apply(replace(self.route(candidate=slots[1]), stack="thief"))
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)

    def test_a_host_name_that_its_owner_gave_up_is_free(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        edge.apply(self.route(slots[0]))
        edge.apply(replace(self.route(slots[0], fence=6), domains=("moved.example.test",)))
        edge.apply(replace(self.route(slots[1]), stack="heir"))
        assert edge.serving(self.domain, "/") == Served("heir", "prod", 2)

    def with_doors(self, slot: Target, other: Target) -> Target:
        """Three doors, the second of which leads to another address than the first and is not at
        the wildcard's names."""
        wild = "*.tenants.example.test"
        return replace(
            slot,
            doors=(
                Door((self.domain, wild), "/", slot.url, "/ready"),
                Door((self.domain,), "/api", other.url, "/ready", sticky=True),
                Door(("admin.example.test",), "/", other.url, "/ready"),
            ),
        )

    def route_with_doors(
        self, serving: Target, *, candidate: Target | None = None, standby: Target | None = None
    ) -> Route:
        domains = (self.domain, "*.tenants.example.test", "admin.example.test")
        return replace(self.route(serving, candidate=candidate, standby=standby), domains=domains)

    def test_a_route_with_doors_is_read_back_and_serves_at_each_of_its_names(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        one, two = slots
        route = self.route_with_doors(
            self.with_doors(one, two), candidate=self.with_doors(two, one)
        )
        edge.apply(route)
        assert edge.route("contract", "prod") == route
        for name in (self.domain, "north.tenants.example.test", "admin.example.test"):
            assert edge.serving(name, "/") == Served("contract", "prod", 1)
        assert edge.serving("a.north.tenants.example.test", "/") is None

    def test_a_switch_from_one_door_to_several_and_back_is_seen_at_all_of_them(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        one, two = slots
        edge.apply(self.route(one))
        edge.apply(self.route_with_doors(self.with_doors(two, one)))
        assert edge.serving("admin.example.test", "/") == Served("contract", "prod", 2)
        edge.apply(self.route(one, fence=6))
        assert edge.serving("admin.example.test", "/") is None
        assert edge.serving(self.domain, "/") == Served("contract", "prod", 1)

    def test_the_old_version_stands_behind_each_door_of_the_new_one(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        one, two = slots
        route = self.route_with_doors(self.with_doors(two, one), standby=self.with_doors(one, two))
        edge.apply(route)
        assert edge.route("contract", "prod") == route
        assert edge.serving("admin.example.test", "/") == Served("contract", "prod", 2)

    def test_a_wildcard_has_one_owner_with_all_the_names_it_covers(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        one, two = slots
        edge.apply(self.route_with_doors(self.with_doors(one, two)))
        thief = replace(self.route(two), stack="thief", domains=("north.tenants.example.test",))
        with pytest.raises(EdgeError, match=r"\*.tenants.example.test belongs to contract prod"):
            edge.apply(thief)
        assert edge.serving("north.tenants.example.test", "/") == Served("contract", "prod", 1)
