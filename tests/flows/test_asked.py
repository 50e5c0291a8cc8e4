"""What a person asks of a stack from a shell: which versions there are, and what its containers
print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from flows.release import release
from tasks.frame import adapters
from tasks.frame.asked import Releasable, printed, releasable
from tests.flows.beginnings import take_over
from tests.flows.conftest import Library
from tests.flows.stories import Story
from tests.world.versions import VERSIONS, further_commit
from tidegate.errors import InputError
from tidegate.log_line import LogLine
from tidegate.settings import Settings
from tidegate.versions import Version

BY_STAGING = Story("of two environments", release, {}, before=("v1.0.0",), with_staging=True)
TAKEN_OVER = Story("of what was taken over", release, {}, before=(), prepare=take_over)


@pytest.fixture(autouse=True)
def newest(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the repository has, newest first."""
    names = ["v1.2.0", "v1.1.0", "v1.0.0"]
    monkeypatch.setattr(
        adapters,
        "newest_versions",
        lambda stack, home, most: [Version(name, VERSIONS[name].commit) for name in names[:most]],
    )
    return names


def listed(most: int = 20) -> dict[str, Releasable]:
    return {one.version: one for one in releasable(Settings(), "shop", most)}


def test_versions_are_told_with_where_they_serve(library: Library) -> None:
    library.begin(BY_STAGING)
    found, made = listed(), VERSIONS["v1.2.0"].commit
    assert [*found] == ["v1.2.0", "v1.1.0", "v1.0.0"]
    assert found["v1.2.0"] == Releasable("v1.2.0", made.sha, made.at, made.subject, (), None)
    assert {*found["v1.0.0"].serves} == {"prod #1", "staging #1"}


def test_what_serves_is_told_beside_those_that_are_asked_for(library: Library) -> None:
    library.begin(BY_STAGING)
    found = listed(most=2)
    assert [*found] == ["v1.2.0", "v1.1.0", "v1.0.0"]
    older = found["v1.0.0"]
    assert (older.commit, older.subject) == (VERSIONS["v1.0.0"].sha, "")
    assert {*older.serves} == {"prod #1", "staging #1"}


@pytest.mark.parametrize("most", [2, 3], ids=["beside the list", "in the list"])
def test_a_version_that_must_not_be_deployed_is_told_with_the_reason(
    library: Library, most: int
) -> None:
    made = library.begin(BY_STAGING)
    made.ledger.holds.place(
        stack="shop",
        version="v1.0.0",
        commit=VERSIONS["v1.0.0"].sha,
        reason="the sums are wrong",
        placed_by="Mei",
    )
    found = listed(most)
    assert {name: one.held for name, one in found.items() if one.held} == {
        "v1.0.0": "the sums are wrong"
    }


def test_a_hold_is_told_of_a_version_that_has_further_commits_since(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = library.begin(BY_STAGING)
    first, worker = VERSIONS["v1.1.0"], further_commit("v1.1.0")
    made.ledger.holds.place(
        stack="shop", version="v1.1.0", commit=first.sha, reason="too slow", placed_by="Mei"
    )
    monkeypatch.setattr(
        adapters,
        "newest_versions",
        lambda *_: [Version("v1.1.0", first.commit, further={"workers": worker})],
    )
    assert listed()["v1.1.0"].held == "too slow"


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked of the host."""
    seen: list[Any] = []

    def read(
        host: str, services: Mapping[str, str], lines: int, *, follow: bool
    ) -> Iterator[LogLine]:
        seen.append((host, dict(services), lines, follow))
        return iter([LogLine("2026-03-01T00:00:00Z", "web", "hello")])

    monkeypatch.setattr(adapters, "printed_by", read)
    return seen


def read_log(service: str | None = None, environment: str = "prod") -> list[LogLine]:
    found = printed(Settings(), "shop", environment, service=service, lines=7, follow=True)
    return [*found]


def test_the_log_is_that_of_all_released_services(library: Library, asked_for: list[Any]) -> None:
    made = library.begin(Story("a log", release, {}))
    assert [one.text for one in read_log()] == ["hello"]
    [(host, services, lines, follow)] = asked_for
    slot = made.world.engine.projects("shop", "prod")["shop-prod-1"]
    assert (host, lines, follow) == ("local", 7, True)
    assert services == {one.name: one.service.removesuffix("-1") for one in slot}
    assert {*services.values()} == {"web", "worker", "beat"}


@pytest.mark.parametrize("service", ["web", "db"])
def test_one_service_is_asked_for_by_its_name(
    library: Library, asked_for: list[Any], service: str
) -> None:
    library.begin(Story("a log", release, {}))
    read_log(service)
    assert [[*services.values()] for _, services, _, _ in asked_for] == [[service]]


def test_a_service_that_has_no_container_is_told_with_those_that_have(
    library: Library, asked_for: list[Any]
) -> None:
    library.begin(Story("a log", release, {}))
    with pytest.raises(InputError, match="it has no container of cache") as refused:
        read_log("cache")
    assert "There are: web, worker, beat, db" in str(refused.value)
    assert asked_for == []


def test_what_was_taken_over_prints_from_its_own_containers(
    library: Library, asked_for: list[Any]
) -> None:
    made = library.begin(TAKEN_OVER)
    read_log()
    [(_, services, _, _)] = asked_for
    assert {*services.values()} == {"web", "worker", "beat"}
    assert services.keys() <= {one.name for one in made.world.engine.of("shop-prod")}


def test_where_nothing_serves_there_is_no_log(library: Library, asked_for: list[Any]) -> None:
    library.begin(Story("a log", release, {}, before=()))
    with pytest.raises(InputError, match="nothing serves there yet"):
        read_log()
