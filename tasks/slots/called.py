"""Forwarders for whoever calls a service past the host names of people: by a name on a network that
they share, or at a port of the host."""

from __future__ import annotations

from collections.abc import Collection

from tasks.frame.open_environment import OpenEnvironment
from tidegate.edge.facts import CalledBy, Route
from tidegate.edge.known_names import known_names
from tidegate.ledger.adoptions import adopted, ports_of


def open_called(env: OpenEnvironment, route: Route | None) -> None:
    """Have a forwarder for each name and port by which others call who serves, and no other.

    A container that was taken over has its port itself for as long as it runs. Again: changes
    nothing.
    """
    if route is None or not route.targets:
        return  # they stay as they are, and answer 503
    env.forwarders.keep(env.stack.name, env.name, known_names(route.targets[0]))


def lacking_called(env: OpenEnvironment, route: Route) -> list[CalledBy]:
    """Names and ports by which others call who serves, and get nobody."""
    wanted = [name for one in route.targets for name in known_names(one)]
    return env.forwarders.lacking(env.stack.name, env.name, wanted)


def close_called(env: OpenEnvironment) -> None:
    """Nobody is called here any more."""
    env.forwarders.keep(env.stack.name, env.name, [])


def called_by_hand(env: OpenEnvironment, slot: str) -> list[str]:
    """Names and ports by which others call containers that were taken over and serve as `slot`, as
    people read them. Of what never runs twice the gap is told and measured as such."""
    taken = {one["service"] for one in adopted(env.ledger, env.stack.name, env.name, slot)}
    return [one.shown for one in env.known if one.service.name in taken - env.alone]


def let_go_of_ports(env: OpenEnvironment, slot: str, containers: Collection[str]) -> None:
    """Leave the ports of containers that were taken over to them: they start with them or not at
    all."""
    there = adopted(env.ledger, env.stack.name, env.name, slot)
    ports = {port for one in there if one["id"] in containers for port in ports_of(one).values()}
    if ports:
        env.forwarders.let_go(env.stack.name, env.name, ports)
