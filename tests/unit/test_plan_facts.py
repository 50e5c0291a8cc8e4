"""What a plan takes from elsewhere: how long is watched, what the environment before proved, and
which version runs by hand."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.plan import adopting
from tasks.plan.adopting import _version, taken_already
from tasks.plan.plans import _commits, _refuse_other_evidence, _traffic_of, _watch_seconds
from tests.unit.ledger_parts import deploy
from tests.unit.plans import COMMIT
from tidegate.errors import LedgerError, OccupiedError, StackFileError, VersionError
from tidegate.ledger import Deployment, Ledger
from tidegate.versions import Version

SHA = COMMIT.sha


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


@pytest.mark.parametrize(
    ("asked", "watched", "seconds"),
    [(None, True, 900), (None, False, 0), (0, True, 0), (60, True, 60), (60, False, 60)],
)
def test_it_is_watched_as_long_as_somebody_asks_for_and_else_as_the_stack_says(
    asked: int | None, watched: bool, seconds: int
) -> None:
    env: Any = SimpleNamespace(
        stack=SimpleNamespace(watch=SimpleNamespace(seconds=900)),
        config=SimpleNamespace(watched=watched),
    )
    assert _watch_seconds(env, asked) == seconds


def test_traffic_is_evidence_where_a_version_was_replaced() -> None:
    figures = {
        "traffic": {
            "total": 20,
            "failed": 1,
            "longest_gap_seconds": 0.1,
            "p95_seconds": 0.01,
            "by_version": {},
        }
    }
    noted = _traffic_of(Deployment(figures=figures, rollback_target_id="a"))
    assert noted is not None
    assert (noted.total, noted.failed) == (20, 1)
    assert _traffic_of(Deployment(figures=figures, rollback_target_id=None)) is None
    assert _traffic_of(Deployment(figures={}, rollback_target_id="a")) is None


@pytest.mark.parametrize(
    ("commit", "pins", "is_refused"),
    [
        (SHA, {"web": "one"}, False),
        ("2" * 40, {"web": "one"}, True),
        (SHA, {"web": "two"}, True),
        (None, {}, False),
    ],
)
def test_evidence_is_about_the_version_that_is_planned(
    commit: str | None, pins: dict[str, str], is_refused: bool
) -> None:
    env: Any = SimpleNamespace(stack=SimpleNamespace(name="shop"), name="prod")
    place = SimpleNamespace(name="staging")
    proved: Any = commit and SimpleNamespace(commit=commit, pins=pins, place=place, number=3)
    version = Version("v1", COMMIT)
    if not is_refused:
        _refuse_other_evidence(env, version, {"web": "one"}, proved)
        return
    with pytest.raises(LedgerError, match="staging #3 proved"):
        _refuse_other_evidence(env, version, {"web": "one"}, proved)


def test_the_new_commits_are_told_of_each_repository_that_is_named_still() -> None:
    asked = list[tuple[str | None, str]]()

    def between(old: str | None, new: str) -> list[str]:
        asked.append((old, new))
        return ["one"]

    source = SimpleNamespace(between=between)
    further = {"workers": COMMIT, "gone": COMMIT}
    env: Any = SimpleNamespace(source=source, further={"workers": source})
    serving: Any = SimpleNamespace(release=SimpleNamespace(commit=f"{'1' * 40}"))
    version = Version("v1", COMMIT, {}, further)
    told = _commits(env, serving, version)
    assert set(told) == {"", "workers"}
    assert asked == [("1" * 40, SHA), (None, SHA)]
    assert [*_commits(env, None, Version("v1", COMMIT))] == [""]
    env.source = None
    assert _commits(env, None, Version("v1", COMMIT)) == {}


def running(*, sha: str | None, source: Any) -> tuple[Version, list[str]]:
    """The version of what runs by hand, and the services that were asked for it."""
    asked = list[str]()

    def version(service: str) -> tuple[str, str | None]:
        asked.append(service)
        return "v1", sha

    routed = [SimpleNamespace(service=SimpleNamespace(name=name)) for name in ("web", "api")]
    env: Any = SimpleNamespace(routed=routed, source=source)
    found: Any = SimpleNamespace(version=version, pins={"web": "sha256:one"})
    return _version(env, found), asked


def repository(*commits: object, knows: bool = True) -> Any:
    def between(old: str, new: str) -> list[object]:
        if not knows:
            raise VersionError("looking for it", "nobody knows it", "Push it")
        return [*commits]

    return SimpleNamespace(between=between)


def test_the_commit_of_what_runs_counts_where_the_repository_knows_it() -> None:
    version, asked = running(sha=SHA, source=repository())
    assert asked == ["web"]
    assert version.commit is not None
    assert (version.name, version.commit.sha, version.images) == ("v1", SHA, {})


@pytest.mark.parametrize(
    ("sha", "source"),
    [
        (None, repository()),
        (SHA, None),
        (SHA, repository(knows=False)),
        (SHA, repository("another commit")),
    ],
)
def test_else_its_images_say_which_version_it_is(sha: str | None, source: Any) -> None:
    version, _ = running(sha=sha, source=source)
    assert (version.name, version.commit, version.images) == ("v1", None, {"web": "sha256:one"})


@pytest.mark.parametrize("has_route", [True, False])
def test_a_takeover_that_is_there_is_found_unless_it_was_given_back(
    ledger: Ledger, has_route: bool
) -> None:
    env: Any = SimpleNamespace(
        stack=SimpleNamespace(name="cloudlens"),
        name="prod",
        ledger=ledger,
        edge=SimpleNamespace(route=lambda stack, name: has_route or None),
    )
    assert taken_already(env) is None
    release = deploy(ledger, "v1")
    if has_route:
        with pytest.raises(StackFileError, match="#1 v1 serves already"):
            taken_already(env)
    else:
        assert taken_already(env) is None
    assert release.kind == "release"


def test_only_what_runs_and_is_in_the_compose_files_is_looked_at_for_a_takeover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = list[set[str]]()
    monkeypatch.setattr(adopting, "claims", lambda model, there, *_: looked.append({*there}))
    monkeypatch.setattr(adopting, "hindrances", lambda *_: ["web has another image"])
    every = [SimpleNamespace(service=name) for name in ("web", "older")]
    env: Any = SimpleNamespace(
        stack=SimpleNamespace(name="shop"),
        name="prod",
        base_project="shop-prod",
        released=["web"],
        occupancy=SimpleNamespace(volume_places=dict, look_at=None),
    )
    model: Any = {"services": {"web": {}, "new": {}}}
    found: Any = SimpleNamespace(every=every)
    with pytest.raises(OccupiedError, match="web has another image"):
        adopting._refuse_hindered(env, model, found)
    assert looked == [{"web"}]
