"""The edge: Traefik by its file provider. A route is one file, renamed into place and then seen to be obeyed."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from prefect.blocks.core import Block
from pydantic import Field

from blocks.atomic_file import write_atomically
from blocks.edge_answers import is_own_404
from blocks.traefik_loaded import difference
from tidegate.errors import EdgeError, FencedError
from tidegate.facts import Route
from tidegate.routes import DEPLOYMENT_HEADER, read_route, slot_host, traefik_config

_POLL_SECONDS = 0.02
_GATEWAY_FAULTS = (502, 503, 504)


class TraefikEdge(Block):
    """Traefik's folder of routes, and the two addresses at which it is seen to obey."""

    _block_type_name = "Traefik Edge"
    _block_type_slug = "traefik-edge"

    config_directory: Path = Field(description="The folder on this machine that Traefik's file provider watches.")
    public_url: str = Field(description="Where everybody's requests arrive, such as `http://127.0.0.1:80`.")
    check_url: str = Field(description="The loopback-only entry point: slot addresses, ping, API, metrics.")
    obey_seconds: float = Field(10, gt=0, description="How long the edge may take to obey a route.")
    request_seconds: float = Field(2, gt=0, description="For one request to the edge.")

    def route(self, stack: str, environment: str) -> Route | None:
        """What the edge was last told; None when it was told nothing."""
        text = _read(self._file(stack, environment))
        return read_route(text) if text is not None else None

    def apply(self, route: Route) -> None:
        """Tell the edge and wait until it obeys. A route that it does not obey is taken back.

        Raises FencedError when a newer owner wrote the file, EdgeError when the edge does not obey in time.
        """
        file, text = self._file(route.stack, route.environment), traefik_config(route)
        with _locked(file):
            before = _read(file)
            _refuse_older(route, before)
            if before != text:
                write_atomically(file, text)
        try:
            self._wait_until_obeyed(text, before, route)
        except EdgeError:
            _take_back(file, text, before)
            raise

    def remove(self, stack: str, environment: str) -> None:
        """Take the route away; a missing one is away already."""
        file = self._file(stack, environment)
        with _locked(file):
            before = _read(file)
            file.unlink(missing_ok=True)
        self._wait_until_obeyed(None, before, None)

    def serving(self, domain: str) -> int | None:
        """The deployment that answers a real request to `domain` now; None when no route takes it. Raises EdgeError."""
        with self._client() as client:
            try:
                answer = _ask(client, self.public_url, domain, self._ready_path(domain))
            except httpx.HTTPError as error:
                raise EdgeError(f"asking the edge who serves {domain}", type(error).__name__,
                                "Look whether the edge runs", retryable=True) from None
        shown = answer.headers.get(DEPLOYMENT_HEADER, "")
        return int(shown) if shown.isdecimal() else None

    def _wait_until_obeyed(self, text: str | None, before: str | None, route: Route | None) -> None:
        end, moved = time.monotonic() + self.obey_seconds, _moved(text, before)
        with self._client() as client:
            while seen := self._disobeys(client, text, before, route, moved):
                if time.monotonic() > end:
                    raise EdgeError("waiting until the edge obeys its route", f"after {self.obey_seconds:g} s: {seen}",
                                    "Look at the log of the edge's container, then run it again", retryable=True)
                time.sleep(_POLL_SECONDS)

    def _disobeys(self, client: httpx.Client, text: str | None, before: str | None, route: Route | None,
                  moved: bool) -> str | None:
        """What shows that the edge does not obey yet: first its own word, then real requests."""
        try:
            rawdata = client.get(f"{self.check_url}/api/rawdata")
            if rawdata.status_code != 200:
                return f"the edge's API answers {rawdata.status_code}"
            seen = difference(text, before, rawdata.json())
            return seen or (self._answers_otherwise(client, route, moved) if route else None)
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"

    def _answers_otherwise(self, client: httpx.Client, route: Route, moved: bool) -> str | None:
        if route.targets and moved:
            answer = _ask(client, self.public_url, route.domains[0], route.ready_path)
            shown = answer.headers.get(DEPLOYMENT_HEADER)
            if shown not in map(str, _numbers(route)) or answer.status_code in _GATEWAY_FAULTS:
                return f"{route.domains[0]} answers {answer.status_code} by deployment {shown or 'none'}"
        if route.candidate:
            host = slot_host(route.stack, route.environment, route.candidate.deployment)
            answer = _ask(client, self.check_url, host, route.ready_path)
            if answer.status_code in _GATEWAY_FAULTS or is_own_404(answer):
                return f"{host} answers {answer.status_code}"
        return None

    def _ready_path(self, domain: str) -> str:
        for file in sorted(self.config_directory.glob("*_*.yml")):
            route = read_route(file.read_text(encoding="utf-8"))
            if domain in route.domains:
                return route.ready_path
        return "/"

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=self.request_seconds, trust_env=False)

    def _file(self, stack: str, environment: str) -> Path:
        return self.config_directory / f"{stack}_{environment}.yml"


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One writer at a time on this machine, so that nobody comes between reading a fence and writing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _refuse_older(route: Route, before: str | None) -> None:
    there = read_route(before).fence if before is not None else None
    if there is not None and there > route.fence:
        raise FencedError(f"telling the edge the route of {route.stack} {route.environment}",
                          f"owner {there} wrote it after owner {route.fence} was replaced",
                          "Nothing was changed; let the newer run finish")


def _take_back(file: Path, text: str, before: str | None) -> None:
    """Put `before` in place again, unless somebody else has written since."""
    with _locked(file):
        if before == text or _read(file) != text:
            return
        if before is None:
            file.unlink()
        else:
            write_atomically(file, before)


def _moved(text: str | None, before: str | None) -> bool:
    """Whether other slots serve than before, or may: the same file again may not have been seen to be obeyed yet.

    Where nobody is moved, whoever serves need not answer: a dead version must not stop the one that replaces it.
    """
    if text is None or before is None or text == before:
        return True
    return read_route(text).targets != read_route(before).targets


def _numbers(route: Route) -> list[int]:
    # Without the standby: an answer by it shows that the edge knows the route, and that the new slot is dead.
    return [target.deployment for target in route.targets]


def _ask(client: httpx.Client, url: str, host: str, path: str) -> httpx.Response:
    return client.get(url + path, headers={"Host": host})
