"""What the edge is told of a deployment: its names and paths, who serves there, and what stays as
it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from prefect import get_run_logger

from tasks.frame.work import Work
from tidegate.edge.doors import claims_of, doors_of_routes, left_of
from tidegate.edge.facts import DoorPlace, Route, Sharing, Target
from tidegate.edge.hosts import host_name
from tidegate.edge.routing import hosts_of_places, is_alike, opened, places_at, within
from tidegate.errors import LedgerError
from tidegate.stack.routes import places_of, taken_hosts


@dataclass(frozen=True)
class Telling:
    """Routes of one deployment, with the fencing number of its lock. The edge is asked once what it
    has."""

    work: Work

    @cached_property
    def now(self) -> Route:
        """What the edge has; who serves keeps its doors. A first release begins with nobody
        serving."""
        env, found, partners = self.work.env, self._found, self._all_partners
        if partners or self._is_renamed:  # who serves has doors: what it had, and no more
            asked = found.domains, found.ready_path
            found = replace(
                found,
                targets=tuple(opened(one, *asked) for one in found.targets),
                standby=found.standby and opened(found.standby, *asked),
            )
        served = places_at((*found.targets, found.standby))
        if found.sharing and not served:  # closed: its paths are nobody else's meanwhile
            served = list(found.sharing.places)
        places = [*self.places, *served]
        return replace(
            self._taking(found, places, partners),
            fence=_fence(self.work),
            ready_path=env.ready_path,
            https=env.config.https,
        )

    @property
    def candidate(self) -> Target:
        """Its slot, before anybody is sent there."""
        return within(self._with_doors(self.work, self._all_partners), self.places)

    @property
    def offering(self) -> Route:
        """With its slot beside who serves."""
        return replace(self.now, candidate=self.candidate)

    @property
    def slot(self) -> Target:
        """Where its slot is, with doors at the places that it may have."""
        return within(self._with_doors(self.work, self.partners), self.places)

    def serving(self, standby: Target | None) -> Route:
        """With everybody at its slot, and with its own names and paths alone."""
        route = self._taking(self.now, self.places, self.partners)
        sharing = route.sharing and replace(route.sharing, begun=True)
        return replace(
            route, targets=(self.slot,), standby=standby, candidate=None, sharing=sharing
        )

    @property
    def withdrawn(self) -> Route:
        """Without its slot beside; who serves stays, with the places where it has doors."""
        route = replace(self.now, candidate=None)
        if not (own := places_at((*route.targets, route.standby))):
            return route
        sharing = route.sharing and replace(route.sharing, places=tuple(own))
        return replace(route, domains=hosts_of_places(own), sharing=sharing)

    def standby(self, before: Work) -> Target | None:
        """The old slot, where the edge can ask it as it asks the new one whether it is ready: there
        is one path, name and scheme for both, at each door."""
        new, old, mine = self.work.env, before.env, self.slot
        target, hosts = (
            self._with_doors(before, self.partners),
            {place.host for place in self.places},
        )
        target = within(target, [one for one in places_at([target]) if one.host in hosts])
        is_asked_alike = (new.ready_path, new.config.https) == (
            old.ready_path,
            old.config.https,
        ) and self.places[0].host in old.config.hosts
        if is_asked_alike and is_alike(mine, target):
            return target
        get_run_logger().info(
            "nobody stands behind it: the old version is asked otherwise whether it is ready"
        )
        return None

    @cached_property
    def places(self) -> list[DoorPlace]:
        """Its host names and paths. A way back goes without those that another environment has
        taken since: nobody else stops it."""
        env = self.work.env
        wanted = places_of(env.stack.services, env.stack.routes, env.config)
        if not self._is_way_back:
            return list(wanted)  # a new version with such a place is refused, here and by the edge
        claims = claims_of(env.stack, env.name, self.partners)
        left = {one.place for one in left_of(claims, doors_of_routes(env.edge.routes().good))}
        kept = [
            DoorPlace(host, path)
            for host, path in wanted
            if (host_name(host), path if self.partners else "/") in left
        ]
        return kept or list(wanted)

    @property
    def partners(self) -> tuple[str, ...]:
        """The stacks with which it shares its names. A way back lets those stay that are there,
        whatever its own stack file says: it takes nothing from them."""
        return self._all_partners if self._is_way_back else self.work.env.config.shares_names_with

    @cached_property
    def _there(self) -> Route | None:
        env = self.work.env
        env.edge.mend()  # so that a broken file of this very environment stops no way back either
        return env.edge.route(env.stack.name, env.name)

    @property
    def _found(self) -> Route:
        env = self.work.env
        return self._there or Route(
            stack=env.stack.name,
            environment=env.name,
            domains=taken_hosts(env.stack.services, env.config),
            targets=(),
            standby=None,
            candidate=None,
            fence=0,
            ready_path=env.ready_path,
            https=env.config.https,
        )

    @property
    def _is_renamed(self) -> bool:
        """Whether who serves has all paths of other names than its own: until the switch it keeps
        them, and gets no others."""
        return {*self._found.domains} != {place.host for place in self.places}

    @property
    def _all_partners(self) -> tuple[str, ...]:
        """Also those that may be there now."""
        sharing = self._found.sharing
        now = sharing.stacks if sharing else ()
        return tuple(dict.fromkeys([*self.work.env.config.shares_names_with, *now]))

    @property
    def _is_way_back(self) -> bool:
        one = self.work.deployment
        return one.kind in ("rollback", "restore") or one.was_good

    def _taking(
        self, route: Route, places: Iterable[DoorPlace], partners: tuple[str, ...]
    ) -> Route:
        """With these names and paths, as the environment's file orders them."""
        places = tuple(dict.fromkeys(places))
        hosts = dict.fromkeys(place.host for place in places)
        env = self.work.env
        own = [host for host in taken_hosts(env.stack.services, env.config) if host in hosts]
        return replace(
            route,
            domains=tuple(dict.fromkeys([*own, *hosts])),
            sharing=Sharing(partners, places, self._has_begun) if partners else None,
        )

    @property
    def _has_begun(self) -> bool:
        there = self._there
        return there is not None and (there.sharing is None or there.sharing.begun)

    @staticmethod
    def _with_doors(work: Work, partners: tuple[str, ...]) -> Target:
        env, target = work.env, work.target()
        return opened(target, env.config.hosts, env.ready_path) if partners else target


def _fence(work: Work) -> int:
    if work.lock is None:
        raise LedgerError(
            f"changing {work.title}", "no lock is held", "This is a defect of Tidegate: report it"
        )
    return work.lock.fence
