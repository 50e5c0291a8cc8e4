"""What every Edge must do where several stacks have paths at one host name. Made a suite as
`edge_contract` is, with the same fixtures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tidegate.edge.facts import Door, DoorPlace, Route, Served, Sharing, Target
from tidegate.edge.ports import Edge
from tidegate.errors import EdgeError


class SharedNamesContract:
    """Needs the fixtures `edge` (told nothing yet) and `slots` (two targets that answer,
    deployments 1 and 2)."""

    domain = "contract.example.test"

    def sharing(
        self,
        stack: str,
        partner: str,
        path: str,
        *targets: Target,
        fence: int = 5,
        candidate: Target | None = None,
        begun: bool = True,
    ) -> Route:
        """A route with one door at the name that both have."""

        def opened(slot: Target) -> Target:
            ready_path = f"{path.rstrip('/')}/ready"
            return replace(slot, doors=(Door((self.domain,), path, slot.url, ready_path),))

        return Route(
            stack,
            "prod",
            (self.domain,),
            tuple(map(opened, targets)),
            None,
            candidate and opened(candidate),
            fence,
            "/ready",
            False,
            Sharing((partner,), (DoorPlace(self.domain, path),), begun),
        )

    def alone(self, slot: Target, *, fence: int = 5) -> Route:
        """The shop with its name for itself."""
        return Route("shop", "prod", (self.domain,), (slot,), None, None, fence, "/ready", False)

    def beside(self, edge: Edge, slots: tuple[Target, Target]) -> tuple[Route, Route]:
        """A shop with all paths of its name, and a blog at one of them."""
        shop = self.sharing("shop", "blog", "/", slots[0])
        blog = self.sharing("blog", "shop", "/blog", slots[1])
        edge.apply(shop)
        edge.apply(blog)
        return shop, blog

    def test_two_stacks_that_name_each_other_share_a_name_by_path(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        shop, blog = self.beside(edge, slots)
        assert (edge.route("shop", "prod"), edge.route("blog", "prod")) == (shop, blog)
        for path, served in (
            ("/", Served("shop", "prod", 1)),
            ("/blogs", Served("shop", "prod", 1)),
            ("/blog", Served("blog", "prod", 2)),
            ("/blog/a", Served("blog", "prod", 2)),
        ):
            assert edge.serving(self.domain, path) == served, path

    def test_a_path_that_nobody_claims_is_nobodys(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        edge.apply(self.sharing("api", "blog", "/api", slots[0]))
        edge.apply(self.sharing("blog", "api", "/blog", slots[1]))
        assert edge.serving(self.domain, "/api/1") == Served("api", "prod", 1)
        assert edge.serving(self.domain, "/blog") == Served("blog", "prod", 2)
        assert edge.serving(self.domain, "/other") is None

    @pytest.mark.parametrize("first", ["shop", "blog"])
    def test_the_longest_path_counts_whoever_came_first(
        self, edge: Edge, slots: tuple[Target, Target], first: str
    ) -> None:
        both = [
            self.sharing("shop", "blog", "/", slots[0]),
            self.sharing("blog", "shop", "/blog", slots[1]),
        ]
        for route in sorted(both, key=lambda one: one.stack != first):
            edge.apply(route)
        assert edge.serving(self.domain, "/blog/a") == Served("blog", "prod", 2)
        assert edge.serving(self.domain, "/") == Served("shop", "prod", 1)

    @pytest.mark.parametrize("path", ["/", "/blog", "/login"])
    @pytest.mark.parametrize(
        ("of_shop", "of_blog"), [("mill", "shop"), ("blog", "mill"), ("mill", "mill")]
    )
    def test_a_name_is_shared_only_where_both_say_so(
        self, edge: Edge, slots: tuple[Target, Target], path: str, of_shop: str, of_blog: str
    ) -> None:
        edge.apply(self.sharing("shop", of_shop, "/", slots[0]))
        with pytest.raises(EdgeError, match=f"{self.domain}/ belongs to shop prod"):
            edge.apply(self.sharing("blog", of_blog, path, slots[1], fence=99))
        assert edge.route("blog", "prod") is None
        assert edge.serving(self.domain, path) == Served("shop", "prod", 1)

    def test_a_name_that_its_owner_shares_with_nobody_is_not_shared(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        edge.apply(self.alone(slots[0]))
        with pytest.raises(EdgeError, match=f"{self.domain} belongs to shop prod"):
            edge.apply(self.sharing("blog", "shop", "/blog", slots[1]))
        assert edge.serving(self.domain, "/blog") == Served("shop", "prod", 1)

    def test_the_same_path_of_a_shared_name_has_one_owner(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        self.beside(edge, slots)
        with pytest.raises(EdgeError, match=f"{self.domain}/blog belongs to blog prod"):
            edge.apply(self.sharing("shop", "blog", "/blog", slots[0], fence=6))
        assert edge.serving(self.domain, "/blog") == Served("blog", "prod", 2)
        assert edge.serving(self.domain, "/") == Served("shop", "prod", 1)

    def test_who_shares_no_more_is_refused_while_the_other_is_there(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        shop, _ = self.beside(edge, slots)
        with pytest.raises(EdgeError, match=f"{self.domain}/blog belongs to blog prod"):
            edge.apply(self.alone(slots[0], fence=6))
        assert edge.route("shop", "prod") == shop
        edge.remove("blog", "prod")
        edge.apply(self.alone(slots[0], fence=6))

    def test_a_switch_of_one_stack_changes_nothing_of_the_other(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        shop, _ = self.beside(edge, slots)
        edge.apply(self.sharing("blog", "shop", "/blog", slots[0], fence=6))
        assert edge.serving(self.domain, "/blog") == Served("blog", "prod", 1)
        assert edge.serving(self.domain, "/") == Served("shop", "prod", 1)
        assert edge.route("shop", "prod") == shop

    def test_a_stack_that_serves_nobody_is_closed_at_its_own_paths_alone(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        self.beside(edge, slots)
        closed = self.sharing("blog", "shop", "/blog", fence=6)
        edge.apply(closed)
        assert edge.route("blog", "prod") == closed
        assert edge.serving(self.domain, "/blog") is None, "its paths go to nobody else meanwhile"
        assert edge.serving(self.domain, "/blogs") == Served("shop", "prod", 1)
        assert edge.serving(self.domain, "/") == Served("shop", "prod", 1)

    def test_a_first_version_that_is_only_offered_takes_no_visitor_from_who_has_the_path_now(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        edge.apply(self.sharing("shop", "blog", "/", slots[0]))
        offered = self.sharing("blog", "shop", "/blog", candidate=slots[1], begun=False)
        edge.apply(offered)
        assert edge.route("blog", "prod") == offered
        assert edge.serving(self.domain, "/blog") == Served("shop", "prod", 1)
        edge.apply(self.sharing("blog", "shop", "/blog", slots[1], fence=6))
        assert edge.serving(self.domain, "/blog") == Served("blog", "prod", 2)

    def test_a_route_that_is_removed_leaves_the_others_at_its_names(
        self, edge: Edge, slots: tuple[Target, Target]
    ) -> None:
        self.beside(edge, slots)
        edge.remove("blog", "prod")
        assert edge.serving(self.domain, "/blog") == Served("shop", "prod", 1)
        edge.apply(self.sharing("blog", "shop", "/blog", slots[1], fence=6))
        edge.remove("shop", "prod")
        assert edge.serving(self.domain, "/blog") == Served("blog", "prod", 2)
        assert edge.serving(self.domain, "/") is None
