"""A serving edge is replaced without a lost request: a new one beside takes over its ports while
the old one ends.

The order: an edge beside loads all routes and answers like the old one; new connections are
redirected to it; the answers of the old one end their connections, so that it empties; the final
edge starts on the ports; the redirection is taken back and the one beside empties in turn. What a
crash leaves in the middle serves, and `finish` brings it to the same end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from docker.errors import NotFound
from docker.models.containers import Container

from blocks.docker.engine_errors import engine_errors
from blocks.edges.traefik import port_redirect
from blocks.edges.traefik.answers import served_by
from blocks.edges.traefik.container import EdgeAddresses, EdgeMaker, stop_edge
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.folder import EdgeFolder
from blocks.edges.traefik.loaded import difference
from blocks.edges.traefik.networks import BESIDE
from blocks.edges.traefik.settings import CHECK_PORT, PUBLIC_PORT
from tidegate.edge.hosts import whole_names
from tidegate.edge.routes import traefik_config
from tidegate.edge.routing import open_places, question_at, questions
from tidegate.errors import EdgeError, TidegateError
from tidegate.stack.slot import control_network_name
from tidegate.waiting import looks

_POLL_SECONDS = 0.1
ONE_AT_A_TIME = ".replacing.lock"


@dataclass(frozen=True)
class EdgeReplacing:
    """Replaces the edge of `maker`, which `edge` speaks to. `drain_seconds` is how long an edge may
    take to empty."""

    maker: EdgeMaker
    edge: TraefikEdge
    drain_seconds: float = 15
    load_seconds: float = 20

    @property
    def comment(self) -> str:
        return f"tidegate-replacing-{self.maker.name}"

    def why_impossible(self) -> str | None:
        """Why it cannot be done without an outage; None where it can."""
        if self.maker.host.url and not self.maker.host.url.startswith("unix:"):
            return "the engine is on another machine"
        return port_redirect.why_impossible()

    def replace(self) -> EdgeAddresses:
        """The new edge, on the ports of the old one. Raises EdgeError; whoever served goes on
        serving then."""
        with EdgeFolder(self.edge.config_directory).locked(ONE_AT_A_TIME):
            self._finish()
            return self._replace(self._running())

    def _replace(self, old: Container) -> EdgeAddresses:
        try:
            beside, addresses = self.maker.make_beside()
            self._wait_until_like(addresses.check_url, self.edge.public_url, addresses.public_url)
            self._redirect(addresses)
            self.edge.renew(closing=True)
            self._drain(old)
            stop_edge(self.maker.host, str(old.id))
            return self._take_over(beside, addresses)
        finally:
            self._finish()

    def replace_with_outage(self) -> float:
        """Stop the old edge, then start the new one. Returns the seconds without an edge."""
        stop_edge(self.maker.host, str(self._running().id))
        begun = time.monotonic()
        self.maker.ensure()
        self._wait(
            lambda: self._not_loaded(self.edge.check_url),
            "waiting until the new edge has all routes",
        )
        return time.monotonic() - begun

    def finish(self) -> bool:
        """Bring what an interrupted replacement left to its end: the edge on its ports, nobody
        beside. Looks first.

        Returns whether there was anything. An edge that does not come back leaves the one beside
        serving, and EdgeError. Waits for a replacement that is under way: what it is in the middle
        of is no leftover.
        """
        with EdgeFolder(self.edge.config_directory).locked(ONE_AT_A_TIME):
            return self._finish()

    def _finish(self) -> bool:
        beside = self._beside()
        if beside is None and not port_redirect.redirected(self.comment):
            return False
        try:
            self._have_edge()
        except TidegateError as error:
            raise EdgeError(
                error.doing,
                f"{error.came_back}. {self.maker.name}{BESIDE} serves meanwhile",
                f"{error.to_do}, then run `tidegate edge replace` again",
            ) from None
        self._take_redirection_back(beside)
        if beside is not None:
            if beside.status == "running":
                # whoever is connected to it comes back to the edge by a new connection
                self.edge.renew(closing=True)
                self._drain(beside)
            stop_edge(self.maker.host, str(beside.id))
        self.edge.renew()
        return True

    def _take_redirection_back(self, beside: Container | None) -> None:
        """Raises EdgeError where nobody can see whether there is one: without the edge beside it
        would lead nowhere."""
        if beside is not None and (reason := port_redirect.why_impossible()):
            raise EdgeError(
                "taking the redirection of the edge's ports back",
                f"{reason}. {beside.name} serves meanwhile",
                "Correct it, then run `tidegate edge replace` again as root",
            )
        port_redirect.undo(self.comment)

    def _have_edge(self) -> None:
        """The edge itself answers, with all routes: asked at its own address, as its ports may lead
        to the one beside."""
        with engine_errors("looking for the edge"):
            current = self.maker.current()
        if current is None or current.status != "running":
            self.maker.ensure()
            current = self._running()
        url = self._direct(current, CHECK_PORT)
        self.maker.wait_for_ping(current, url)
        self._wait(lambda: self._not_loaded(url), "waiting until the edge has all routes")

    def _take_over(self, beside: Container, addresses: EdgeAddresses) -> EdgeAddresses:
        final = self.maker.ensure()
        container = self._running()
        check, public = self._direct(container, CHECK_PORT), self._direct(container, PUBLIC_PORT)
        self.maker.wait_for_ping(container, check)
        self._wait_until_like(check, addresses.public_url, public)
        return final

    def _redirect(self, to: EdgeAddresses) -> None:
        for ours, theirs in (
            (self.edge.public_url, to.public_url),
            (self.edge.check_url, to.check_url),
        ):
            port_redirect.redirect(_port(ours), _port(theirs), self.comment)

    def _drain(self, edge: Container) -> None:
        """Wait until nobody is connected to it any more, or long enough: what is left then is
        idle."""
        url = self._direct(edge, CHECK_PORT)
        for _ in looks(self.drain_seconds, _POLL_SECONDS):
            if self._open_connections(url) == 0:
                return

    def _open_connections(self, url: str) -> float | None:
        with suppress(httpx.HTTPError):
            text = httpx.get(
                f"{url}/metrics", headers={"Host": "127.0.0.1"}, timeout=2, trust_env=False
            ).text
            for line in text.splitlines():
                if line.startswith('traefik_open_connections{entrypoint="web"'):
                    return float(line.rsplit(" ", 1)[1])
        return None

    def _wait_until_like(self, check_url: str, old_url: str, new_url: str) -> None:
        """Until the new edge has loaded every route and answers under each host name as the old one
        does."""
        self._wait(
            lambda: self._not_loaded(check_url) or self._unlike(old_url, new_url),
            "waiting until the new edge answers like the old one",
        )

    def _not_loaded(self, check_url: str) -> str | None:
        loaded: Mapping[str, Any] = (
            httpx.get(
                f"{check_url}/api/rawdata",
                headers={"Host": "127.0.0.1"},
                timeout=5,
                trust_env=False,
            )
            .raise_for_status()
            .json()
        )
        seen = [
            difference(traefik_config(route), None, loaded) for route in self.edge.routes().good
        ]
        return next((one for one in seen if one), None)

    def _unlike(self, old_url: str, new_url: str) -> str | None:
        for route in self.edge.routes().good:
            at_doors = [
                question_at(route, *place)
                for place in open_places(route)
                if whole_names([place.host])
            ]
            for asked in dict.fromkeys([*at_doors, *questions(route)]):
                old, new = (_answer(url, asked.host, asked.path) for url in (old_url, new_url))
                if old != new:
                    return f"{asked.host}: {old} at the old edge, {new} at the new one"
        return None

    def _wait(self, trouble: Callable[[], str | None], doing: str) -> None:
        for _ in looks(self.load_seconds, _POLL_SECONDS):
            if not (seen := _trouble(trouble)):
                return
        raise EdgeError(
            doing,
            f"after {self.load_seconds:g} s: {seen}",
            "Look at the logs of both edges, then run it again",
        )

    def _running(self) -> Container:
        container = self.maker.current()
        if container is None:
            raise EdgeError(
                "replacing the edge",
                f"there is no container {self.maker.name}",
                "Start it: `tidegate run`",
            )
        return container

    def _beside(self) -> Container | None:
        with engine_errors("looking for an edge beside"):
            try:
                return self.maker.host.client.containers.get(self.maker.name + BESIDE)
            except NotFound:
                return None

    def _direct(self, edge: Container, port: int) -> str:
        """Its own address, which no redirection touches."""
        edge.reload()
        networks = edge.attrs["NetworkSettings"]["Networks"]
        network = networks.get(control_network_name(self.maker.name)) or next(
            iter(networks.values())
        )
        return f"http://{network['IPAddress']}:{port}"


def _answer(url: str, domain: str, path: str) -> tuple[int, str]:
    with httpx.stream(
        "GET",
        url + path,
        headers={"Host": domain, "Connection": "close"},
        timeout=5,
        trust_env=False,
    ) as answer:
        return answer.status_code, str(served_by(answer))


def _trouble(look: Callable[[], str | None]) -> str | None:
    try:
        return look()
    except (httpx.HTTPError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def _port(url: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise EdgeError(
            "reading the edge's address",
            f"{url} names no port",
            "Correct the block traefik-edge/local",
        )
    return port
