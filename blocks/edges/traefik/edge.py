"""The edge: Traefik by its file provider. A route is one file, renamed into place and then seen to
be obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
from prefect.blocks.core import Block
from prefect.logging import get_logger
from pydantic import Field

from blocks.edges.traefik.answers import EdgeAnswer, served_by, unanswered
from blocks.edges.traefik.folder import EdgeFolder
from blocks.edges.traefik.loaded import difference
from blocks.tls import TRUSTED
from tidegate.edge.doors import WHAT_TO_DO, claims_of_route, doors_of_routes, taken_doors
from tidegate.edge.facts import Door, Route, Served
from tidegate.edge.headers import headers_for
from tidegate.edge.probing import Question
from tidegate.edge.route_files import Routes, read_route
from tidegate.edge.routes import traefik_config
from tidegate.edge.routing import (
    beside,
    own_questions,
    question_at,
    questions,
    route_to,
    slots_served,
)
from tidegate.errors import EdgeError, FencedError
from tidegate.waiting import looks

_POLL_SECONDS = 0.02
_GATEWAY_FAULTS = (502, 503, 504)


class TraefikEdge(Block):
    """Traefik's folder of routes, and the two addresses at which it is seen to obey."""

    _block_type_name = "Traefik Edge"
    _block_type_slug = "traefik-edge"

    config_directory: Path = Field(
        description="The folder on this machine that Traefik's file provider watches."
    )
    public_url: str = Field(
        description="Where everybody's requests arrive, such as `http://127.0.0.1:80`."
    )
    check_url: str = Field(
        description="The loopback-only entry point: slot addresses, ping, API, metrics."
    )
    obey_seconds: float = Field(10, gt=0, description="How long the edge may take to obey a route.")
    request_seconds: float = Field(2, gt=0, description="For one request to the edge.")

    def route(self, stack: str, environment: str) -> Route | None:
        """What the edge was last told; None when it was told nothing."""
        text = self._folder.text(stack, environment)
        return read_route(text) if text is not None else None

    def routes(self) -> Routes:
        """All that the edge was told, and the faulty files beside."""
        return self._folder.routes()

    def mend(self) -> list[str]:
        """Take out of the edge's sight what Tidegate did not write. Returns, and logs, a sentence
        for each."""
        with self._folder.locked():
            said = self._folder.mend()
        for sentence in said:
            get_logger("tidegate.edge").warning(sentence)
        return said

    def apply(self, route: Route) -> None:
        """Tell the edge and wait until it obeys. A route that it does not obey is taken back.

        Raises FencedError when a newer owner wrote the file, EdgeError when somebody else has one
        of its host names or the edge does not obey in time.
        """
        text, name = traefik_config(route), self._folder.file(route.stack, route.environment).name
        self.mend()
        with self._folder.locked():
            before = self._folder.text(route.stack, route.environment)
            _refuse_older(route, before)
            self._refuse_taken(route)
            if before != text:
                self._folder.write(name, text)
        try:
            self._wait_until_obeyed(text, before, route)
        except EdgeError:
            self._take_back(route, text, before)
            raise

    def remove(self, stack: str, environment: str) -> None:
        """Take the route away; a missing one is away already."""
        self.mend()
        with self._folder.locked():
            before = self._folder.text(stack, environment)
            self._folder.remove(self._folder.file(stack, environment).name)
        self._wait_until_obeyed(None, before, None)

    def renew(self, *, closing: bool = False) -> list[str]:
        """Write every route anew that stands there otherwise; who serves stays. Returns their
        files' names."""
        self.mend()
        with self._folder.locked():
            texts = {
                self._folder.file(one.stack, one.environment).name: traefik_config(
                    one, closing=closing
                )
                for one in self.routes().good
            }
            old = [
                name
                for name, text in texts.items()
                if (self.config_directory / name).read_text(encoding="utf-8") != text
            ]
            for name in old:
                self._folder.write(name, texts[name])
        return old

    def serving(self, host: str, path: str) -> Served | None:
        """The deployment that answers a real request there now; None when no route takes it.
        Raises EdgeError."""
        return self.answer(host, path).served

    def answer(self, host: str, path: str) -> EdgeAnswer:
        """What a visitor gets there now, at the ready path of the door that takes the request.
        Raises EdgeError where the edge is away."""
        routes = self.routes().good
        route = route_to(routes, host, path)
        if route is None:
            return self._asked(Question(host, path, is_ready_path=False), None)
        return self._asked(question_at(route, host, path, beside(route, routes)), route)

    def answers(self, route: Route) -> list[EdgeAnswer]:
        """What visitors get now at each of a route's doors. Raises EdgeError where the edge is
        away."""
        asked = questions(route, self._beside(route))
        return [
            self._asked(one, route)._replace(at=one.host + one.path if len(asked) > 1 else "")
            for one in asked
        ]

    def _asked(self, question: Question, route: Route | None) -> EdgeAnswer:
        with self._client() as client:
            try:
                answer = _ask(
                    client,
                    self.public_url,
                    question,
                    headers_for(https=route.https) if route else {},
                )
            except httpx.HTTPError as error:
                raise EdgeError(
                    f"asking the edge who serves {question.host}",
                    type(error).__name__,
                    "Look whether the edge runs",
                    retryable=True,
                ) from None
        return EdgeAnswer(served_by(answer), answer.status_code)

    def _refuse_taken(self, route: Route) -> None:
        taken = taken_doors(claims_of_route(route), doors_of_routes(self.routes().good))
        if taken:
            raise EdgeError(
                f"telling the edge the route of {route.stack} {route.environment}",
                "; ".join(map(str, taken)),
                f"Nothing was changed. {WHAT_TO_DO}",
            )

    def _take_back(self, route: Route, text: str, before: str | None) -> None:
        """Put `before` in place again, unless somebody else has written since. Whoever hears of the
        failure may take the new slot away: so the edge sends nobody there any more."""
        name = self._folder.file(route.stack, route.environment).name
        with self._folder.locked():
            if before == text or self._folder.text(route.stack, route.environment) != text:
                return
            if before is None:
                self._folder.remove(name)
            else:
                self._folder.write(name, before)
        with self._client() as client:
            for _ in looks(self.obey_seconds, _POLL_SECONDS):
                try:
                    if not self._has_otherwise(client, before, text):
                        return
                except httpx.ConnectError:
                    return  # an edge that is away sends nobody anywhere
                except httpx.HTTPError:
                    continue
        get_logger("tidegate.edge").warning(
            "%s was taken back, and the edge has not said yet that it obeys", name
        )

    def _wait_until_obeyed(self, text: str | None, before: str | None, route: Route | None) -> None:
        moved = _moved(text, before)
        with self._client() as client:
            for _ in looks(self.obey_seconds, _POLL_SECONDS):
                if not (seen := self._disobeys(client, text, before, route, moved)):
                    return
        raise EdgeError(
            "waiting until the edge obeys its route",
            f"after {self.obey_seconds:g} s: {seen}",
            "Look at the logs of the version and of the edge's container, then run it again",
            retryable=True,
        )

    def _disobeys(
        self,
        client: httpx.Client,
        text: str | None,
        before: str | None,
        route: Route | None,
        moved: bool,
    ) -> str | None:
        """What shows that the edge does not obey yet: first its own word, then real requests."""
        try:
            seen = self._has_otherwise(client, text, before)
            return seen or (self._answers_otherwise(client, route, moved) if route else None)
        except httpx.HTTPError as error:
            return unanswered(error, self.request_seconds)

    def _has_otherwise(
        self, client: httpx.Client, text: str | None, before: str | None
    ) -> str | None:
        rawdata = client.get(f"{self.check_url}/api/rawdata")
        if rawdata.status_code != 200:
            return f"the edge's API answers {rawdata.status_code}"
        return difference(text, before, rawdata.json())

    def _answers_otherwise(self, client: httpx.Client, route: Route, moved: bool) -> str | None:
        asked = questions(route, self._beside(route)) if route.targets and moved else []
        for question in asked:
            answer = _ask(client, self.public_url, question, headers_for(https=route.https))
            served = served_by(answer)
            if served not in _wanted(route) or answer.status_code in _GATEWAY_FAULTS:
                return (
                    f"{question.host} answers {answer.status_code} by {served or 'no deployment'}"
                )
        if route.candidate:
            wanted = Served(route.stack, route.environment, route.candidate.deployment)
            for back, question in own_questions(route, route.candidate):
                headers = headers_for(https=route.https, slot=wanted, back=back)
                found = served_by(_ask(client, self.check_url, question, headers))
                if found != wanted:  # whether it answers well is no matter of the edge
                    return f"at the address of {wanted} answers {found or 'no deployment'}"
        return None

    def _beside(self, route: Route) -> tuple[Door, ...]:
        return beside(route, self.routes().good) if route.sharing else ()

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=self.request_seconds, verify=TRUSTED, trust_env=False)

    @property
    def _folder(self) -> EdgeFolder:
        return EdgeFolder(self.config_directory)


def _refuse_older(route: Route, before: str | None) -> None:
    there = read_route(before).fence if before is not None else None
    if there is not None and there > route.fence:
        raise FencedError(
            f"telling the edge the route of {route.stack} {route.environment}",
            f"owner {there} wrote it after owner {route.fence} was replaced",
            "Nothing was changed; let the newer run finish",
        )


def _moved(text: str | None, before: str | None) -> bool:
    """Whether the edge may now send people to other slots than before. The same route again counts
    as moved: nobody may have seen yet that the edge obeys it.

    Where nobody is moved, whoever serves need not answer: a dead version must not stop the one that
    replaces it.
    """
    if text is None or before is None or text == before:
        return True
    return slots_served(read_route(text)) != slots_served(read_route(before))


def _wanted(route: Route) -> list[Served]:
    # Without the standby: an answer by it shows that the edge knows the route, and that the new
    # slot is dead.
    return [Served(route.stack, route.environment, target.deployment) for target in route.targets]


def _ask(
    client: httpx.Client, url: str, question: Question, headers: Mapping[str, str]
) -> httpx.Response:
    return client.get(url + question.path, headers={"Host": question.host, **headers})
