"""A route's path at a real Traefik: every character that a stack file may have in it is found as a
browser asks for it, and what the stack file refuses is what Traefik never finds."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.attacks.edge_process import *  # noqa: F403
from tests.attacks.edge_process import EdgeProcess
from tests.integration.visited_apps import DOMAIN, App, Shop, running, shop
from tidegate.edge.facts import Door, Target

EVERY_CHARACTER = "/-._~!$&'()*+,;=:@"
PLACE = "/place-of-the-path"
SECONDS = 5


@pytest.fixture
def found(tmp_path: Path, edge: EdgeProcess) -> Iterator[Shop]:
    with shop(tmp_path, edge.block) as made:
        yield made


@contextmanager
def with_a_door(edge: EdgeProcess, found: Shop, path: str) -> Iterator[App]:
    """Who answers at `path`; another application answers everywhere else."""
    with running(App()) as home, running(App()) as behind:
        doors = (
            Door((DOMAIN,), "/", home.url, "/ready"),
            Door((DOMAIN,), path, behind.url, "/ready"),
        )
        edge.block.apply(found.route(Target(1, home.url, doors=doors)))
        yield behind


def is_found(edge: EdgeProcess, behind: App, path: str) -> bool:
    """Asked by these very letters: no library puts them into another form."""
    public = urlsplit(edge.block.public_url)
    connection = http.client.HTTPConnection(public.hostname or "", public.port, timeout=SECONDS)
    before = visits(behind)
    try:
        connection.putrequest("GET", path, skip_host=True)
        connection.putheader("Host", DOMAIN)
        connection.endheaders()
        connection.getresponse().read()
    finally:
        connection.close()
    return visits(behind) > before


def visits(app: App) -> int:
    """The edge's own looks are none."""
    return len([one for one in app.seen if one["path"] != "/ready"])


@pytest.mark.parametrize("path", [EVERY_CHARACTER, "/.well-known/x", "/a..b", "/..."])
def test_a_door_is_found_whatever_characters_its_path_has(
    edge: EdgeProcess, found: Shop, path: str
) -> None:
    with with_a_door(edge, found, path) as behind:
        assert [
            is_found(edge, behind, asked)
            for asked in (path, f"{path}/x", f"{path}?b=/", f"{path}x")
        ] == [True, True, True, False]


@pytest.mark.parametrize("path", ["/a%20b", "/%61b", "/a/../b", "/a/./b", "/a//b", "/a?b"])
def test_a_path_that_no_stack_file_may_have_is_found_by_nobody(
    edge: EdgeProcess, found: Shop, path: str
) -> None:
    """As it would be, had Tidegate written it."""
    file = edge.folder / "shop_prod.yml"
    with with_a_door(edge, found, PLACE) as behind:
        assert is_found(edge, behind, PLACE)
        file.write_text(file.read_text().replace(PLACE, path))
        end = time.monotonic() + SECONDS
        while is_found(edge, behind, PLACE):
            assert time.monotonic() < end, "the edge does not read its file"
            time.sleep(0.05)
        assert not is_found(edge, behind, path)
