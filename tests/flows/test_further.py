"""A stack that is built from two repositories: a version is a commit of each, wherever it goes."""

from __future__ import annotations

from functools import partial

import pytest

from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ROLLBACK, answering, asked
from tests.flows.beginnings import build_worker_elsewhere
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.released import now, told
from tests.flows.stories import Story
from tests.world.sources import MemoryFurther, MemorySource
from tests.world.versions import VERSIONS, further_commit
from tidegate.errors import VersionError
from tidegate.plan.image_labels import OCI, REVISION_LABEL
from tidegate.versions import NamedCommit

tagged = build_worker_elsewhere
followed = partial(build_worker_elsewhere, branch="main")
AT_ONCE = Story("two repositories", release, asked("v1.0.1"), prepare=tagged)
BY_STAGING = Story("by staging", release, asked("v1.0.1"), prepare=tagged, with_staging=True)
FOLLOWED = Story("a branch", release, asked("v1.0.1"), prepare=followed, with_staging=True)


def workers(made: Installation) -> MemoryFurther:
    return made.world.further["workers"]


def id_of(main: str, worker: str) -> str:
    return f"{VERSIONS[main].sha}+workers={further_commit(worker).sha}"


def built(made: Installation) -> list[str]:
    return [one for one in made.world.moments.changes if one.endswith("was built")]


def test_a_release_is_about_the_commit_of_each_repository(library: Library) -> None:
    made = library.begin(AT_ONCE)
    assert told(made, "v1.0.1").state.is_completed()
    assert now(made).commit == id_of("v1.0.1", "v1.0.1")
    labels = made.world.engine.images
    said = {name: labels[pin] for name, pin in now(made).release.images.items()}
    assert {name: one[REVISION_LABEL] for name, one in said.items()} == {
        "web": VERSIONS["v1.0.1"].sha,
        "worker": further_commit("v1.0.1").sha,
        "beat": VERSIONS["v1.0.1"].sha,
    }
    assert [said[name][f"{OCI}source"] for name in ("web", "worker")] == [".", "../workers"]


def test_a_version_that_a_further_repository_has_no_tag_of_is_refused_before_anything(
    library: Library,
) -> None:
    made = library.begin(AT_ONCE)
    run = told(made, "v1.1.0")
    assert "the repository workers has no tag v1.1.0" in str(run.state.message)
    assert "source.further.workers in stack.yaml" in str(run.state.message)
    assert now(made).number == 1
    assert not built(made)


def test_a_commit_of_the_stack_s_own_repository_needs_a_branch_of_each_further_one(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No tag can be called as such a version."""
    made = library.begin(AT_ONCE)
    sha = VERSIONS["v1.0.1"].sha
    by_hash = NamedCommit(f"sha-{sha[:7]}", VERSIONS["v1.0.1"].commit)
    monkeypatch.setattr(MemorySource, "resolve", lambda *_: by_hash)
    said = str(told(made, by_hash.name).state.message)
    assert "Give it a `branch` under source.further.workers in stack.yaml" in said
    assert "or release a tag that both have" in said
    assert "Tag its commit" not in said
    assert now(made).number == 1


def test_a_further_repository_that_is_away_refuses_the_release_before_anything(
    library: Library,
) -> None:
    made = library.begin(AT_ONCE)
    workers(made).is_away = True
    run = told(made, "v1.0.1")
    assert "source.further.workers.repository" in str(run.state.message)
    assert now(made).number == 1
    assert not built(made)


def test_nothing_is_had_of_a_further_repository_that_is_away(library: Library) -> None:
    """So that what is done without one asks it nothing."""
    source = workers(library.begin(AT_ONCE))
    source.is_away = True
    for ask in (
        lambda: source.tagged("v1.0.0"),
        lambda: source.newest_of_branch(),
        lambda: source.commit(further_commit("v1.0.0").sha),
        lambda: source.between(None, further_commit("v1.0.0").sha),
        lambda: source.files(further_commit("v1.0.0").sha, ["."]),
        lambda: source.text(further_commit("v1.0.0").sha, "Dockerfile"),
    ):
        with pytest.raises(VersionError, match="no connection"):
            ask()


def test_the_plan_shows_commit_and_changes_of_each_repository(library: Library) -> None:
    made = library.begin(AT_ONCE)
    told(made, "v1.0.0")
    page = told(made, "v1.0.1").pages["shop-prod-plan"]
    sha, worker = VERSIONS["v1.0.1"].sha[:12], further_commit("v1.0.1").sha[:12]
    assert f"v1.0.1 (`{sha} + workers {worker}`)" in page
    assert f"**shop** `{sha}`\n\n- make v1.0.1" in page
    assert f"**workers** `{worker}`\n\n- make the worker of v1.0.1" in page
    [sent] = [one for one in made.world.notifier("team").sent if one.kind == "released"][-1:]
    assert "workers: make the worker of v1.0.1" in sent.body


def test_a_commit_that_nothing_leads_to_any_more_stops_no_later_release(library: Library) -> None:
    """The branch was rebased, and this machine's mirror is a new one."""
    made = library.begin(AT_ONCE)
    told(made, "v1.0.0")
    workers(made).lost.add(further_commit("v1.0.0").sha)
    run = told(made, "v1.0.1")
    assert run.state.is_completed(), run.state.message
    assert now(made).commit == id_of("v1.0.1", "v1.0.1")
    assert "make the worker of v1.0.1" in run.pages["shop-prod-plan"]


def test_production_gets_what_staging_built_and_nothing_is_built_anew(library: Library) -> None:
    made = library.begin(BY_STAGING)
    assert told(made, "v1.0.1", "staging").state.is_completed()
    before = built(made)
    assert before
    assert told(made, "v1.0.1").state.is_completed()
    assert built(made) == before
    assert now(made).release.images == now(made, "staging").release.images
    assert now(made, "staging").number == 2


def test_a_tag_of_a_further_repository_that_is_moved_while_a_person_decides_is_asked_about_anew(
    library: Library,
) -> None:
    made = library.begin(BY_STAGING)
    made.prefect.answer = None
    run = told(made, "v1.0.1")
    assert run.state.is_paused()
    workers(made).tags["v1.0.1"] = "v1.1.0"
    made.prefect.answer = answering("approve")
    run = made.prefect.start(release, run.id, **asked("v1.0.1"))
    assert run.state.is_completed(), run.state.message
    [first, second] = made.ledger.deployments.history("shop", "prod", limit=2)[::-1]
    assert (first.commit, second.commit) == (
        id_of("v1.0.1", "v1.0.1"),
        id_of("v1.0.1", "v1.1.0"),
    )
    assert (first.state.value, second.state.value) == ("expired", "good")
    assert now(made, "staging").commit == second.commit
    assert first.plan_hash != second.plan_hash


def test_a_branch_that_goes_on_while_a_person_decides_changes_nothing(library: Library) -> None:
    """It is pinned when the release is planned: what staging proved goes to production."""
    made = library.begin(FOLLOWED)
    made.prefect.answer = None
    run = told(made, "v1.1.0")
    assert run.state.is_paused()
    workers(made).branch = "v1.2.0"
    made.prefect.answer = answering("approve")
    assert made.prefect.start(release, run.id, **asked("v1.1.0")).state.is_completed()
    assert now(made).commit == id_of("v1.1.0", "v1.0.0") == now(made, "staging").commit


def test_what_staging_serves_goes_to_production_although_the_branch_went_on(
    library: Library,
) -> None:
    made = library.begin(FOLLOWED)
    told(made, "v1.1.0", "staging")
    workers(made).branch = "v1.2.0"
    assert told(made, "v1.1.0").state.is_completed()
    assert now(made).commit == id_of("v1.1.0", "v1.0.0")
    assert now(made, "staging").number == 2  # it is not deployed there again


def test_a_branch_that_went_on_is_another_version_where_the_way_begins(library: Library) -> None:
    """And only what is of the repository that has changed is built."""
    made = library.begin(FOLLOWED)
    told(made, "v1.1.0", "staging")
    before, images = built(made), now(made, "staging").release.images
    workers(made).branch = "v1.2.0"
    told(made, "v1.1.0", "staging")
    served = now(made, "staging")
    assert (served.number, served.commit) == (3, id_of("v1.1.0", "v1.2.0"))
    assert built(made)[len(before) :] == ["image acme/worker:v1.1.0 was built"]
    anew = {name for name, pin in served.release.images.items() if pin != images[name]}
    assert anew == {"worker"}


def test_a_branch_is_followed_anew_where_the_stack_file_names_another_one(
    library: Library,
) -> None:
    made = library.begin(FOLLOWED)
    told(made, "v1.1.0", "staging")
    workers(made).branch = "v1.2.0"
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace("branch: main", "branch: stable"))
    told(made, "v1.1.0")
    assert now(made).commit == id_of("v1.1.0", "v1.2.0")


def test_the_image_of_others_that_staging_proved_goes_with_the_commits_of_all(
    library: Library,
) -> None:
    """Its tag was moved since: with these commits it is not looked up again."""
    made = library.begin(BY_STAGING)
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    text = file.read_text()
    file.write_text(text.replace("image: acme/beat,", 'image: acme/beat, tag: "9",'))
    told(made, "v1.0.1", "staging")
    made.world.shelf.push("acme/beat:9", VERSIONS["v1.1.0"])
    told(made, "v1.0.1")
    assert now(made).release.images == now(made, "staging").release.images
    assert now(made, "staging").number == 2


def test_a_tag_goes_before_the_branch(library: Library) -> None:
    made = library.begin(FOLLOWED)
    workers(made).tags["v1.1.0"] = "v1.2.0"
    told(made, "v1.1.0")
    assert now(made).commit == id_of("v1.1.0", "v1.2.0")


@pytest.mark.parametrize("is_away", [False, True])
def test_the_way_back_brings_the_commits_of_all_repositories_and_asks_none(
    library: Library, is_away: bool
) -> None:
    made = library.begin(AT_ONCE)
    told(made, "v1.0.0")
    before = now(made)
    told(made, "v1.0.1")
    workers(made).is_away = is_away
    workers(made).tags.clear()
    built_before = built(made)
    run = made.prefect.start(rollback, **ROLLBACK)
    assert run.state.is_completed(), run.state.message
    served = now(made)
    assert (served.commit, served.release.images) == (before.commit, before.release.images)
    assert built(made) == built_before


def test_a_repository_that_the_stack_file_names_since_then_is_told_whole(library: Library) -> None:
    """What serves came from one repository; the next release is of two."""
    made = library.begin(AT_ONCE)
    assert now(made).commit == VERSIONS["v1.0.0"].sha
    run = told(made, "v1.0.0")
    assert run.state.is_completed(), run.state.message
    assert now(made).commit == id_of("v1.0.0", "v1.0.0")
    assert "make the worker of v1.0.0" in run.pages["shop-prod-plan"]
