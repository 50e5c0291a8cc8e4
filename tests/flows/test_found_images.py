"""Images that are not built here: what a version of them is, and that its digest goes on whatever
becomes of its tag."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows.lift_hold import lift_hold
from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ROLLBACK, answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.released import now, told
from tests.flows.stories import STORIES, Story
from tests.world.versions import VERSIONS
from tests.world.world import model_of
from tidegate.versions import id_of_images

BY_STAGING = next(one for one in STORIES if one.name == "a release of images of others")
AT_ONCE = replace(BY_STAGING, with_staging=False)
MOVED = VERSIONS["v1.0.1"]
"""What a tag that was moved leads to."""


def move_tag(made: Installation, version: str) -> str:
    """Returns the digest that the tag led to before."""
    before = made.world.shelf.tags[f"acme/web:{version}"]
    made.world.shelf.push(f"acme/web:{version}", MOVED)
    return before


def test_a_version_without_a_repository_is_a_tag_and_its_release_is_about_digests(
    library: Library,
) -> None:
    made = library.begin(AT_ONCE)
    assert told(made, "v1.1.0").state.is_completed()
    served = now(made)
    assert served.version == "v1.1.0"
    worker = f"acme/worker@sha256:acme/worker-{VERSIONS['v1.0.0'].sha}"
    assert served.release.images == {
        "web": f"acme/web@sha256:acme/web-{VERSIONS['v1.1.0'].sha}",
        "worker": worker,
        "beat": worker,
    }
    assert served.commit == id_of_images(served.release.images.values())
    assert "latest" not in {
        tag.rpartition(":")[2] for tag in made.world.engine.tags
    }  # the names are theirs


def test_the_same_version_again_changes_nothing(library: Library) -> None:
    made = library.begin(AT_ONCE)
    told(made, "v1.1.0")
    again = told(made, "v1.1.0")
    assert "runs already" in str(again.state.message)
    assert now(made).number == 2


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("v9.9.9", "manifest unknown"),
        ("latest", "never what it starts from"),
        ("a b", "it is no tag of an image"),
    ],
)
def test_what_no_registry_has_is_refused_and_nothing_is_changed(
    library: Library, wanted: str, said: str
) -> None:
    made = library.begin(AT_ONCE)
    assert said in str(told(made, wanted).state.message)
    assert now(made).number == 1


def test_a_tag_that_is_moved_while_a_person_decides_goes_on_as_the_digest_that_staging_proved(
    library: Library,
) -> None:
    made = library.begin(BY_STAGING)
    made.prefect.answer = None
    run = told(made, "v1.1.0")
    assert run.state.is_paused()
    before = move_tag(made, "v1.1.0")
    made.world.shelf.is_away = True  # nobody is asked again
    made.prefect.answer = answering("approve")
    assert made.prefect.start(release, run.id, **asked("v1.1.0")).state.is_completed()
    assert (
        now(made).release.images["web"]
        == f"acme/web@{before}"
        == now(made, "staging").release.images["web"]
    )


def test_what_staging_serves_goes_to_production_although_its_tag_was_moved_since(
    library: Library,
) -> None:
    made = library.begin(BY_STAGING)
    told(made, "v1.1.0", "staging")
    before = move_tag(made, "v1.1.0")
    assert told(made, "v1.1.0").state.is_completed()
    assert now(made).release.images["web"] == f"acme/web@{before}"
    assert now(made, "staging").number == 2  # and is not deployed there again


def test_a_tag_that_was_moved_is_another_version_where_the_way_begins(library: Library) -> None:
    made = library.begin(BY_STAGING)
    first = now(made, "staging")
    move_tag(made, "v1.0.0")
    told(made, "v1.0.0", "staging")
    second = made.ledger.deployments.history("shop", "staging", limit=1)[0]
    assert second.number == first.number + 1
    assert (second.version, second.release.images["worker"]) == (
        "v1.0.0",
        first.release.images["worker"],
    )
    assert second.commit != first.commit


def test_a_digest_on_hold_is_refused_under_every_name_until_the_hold_is_lifted(
    library: Library,
) -> None:
    made = library.begin(AT_ONCE)
    told(made, "v1.0.1")
    made.prefect.start(rollback, **ROLLBACK)
    assert now(made).version == "v1.0.0"
    move_tag(made, "v1.1.0")  # to the image that is on hold
    for name in ("v1.0.1", "v1.1.0"):
        assert "it is on hold since" in str(told(made, name).state.message)
    assert told(made, "v1.2.0").state.is_completed()
    made.prefect.start(
        lift_hold, stack="shop", version="v1.0.1", reason="it was the data", lifted_by="Mei"
    )
    assert not made.ledger.holds.active("shop")


def test_a_rollback_asks_no_registry_and_names_a_version_by_its_tag(library: Library) -> None:
    made = library.begin(replace(AT_ONCE, before=("v1.0.0", "v1.0.1")))
    made.world.shelf.is_away = True
    state = made.prefect.start(rollback, **{**ROLLBACK, "to": "v1.0.0"}).state
    assert state.is_completed(), state.message
    assert now(made).version == "v1.0.0"


def test_a_registry_that_is_away_is_not_replaced_by_what_lies_on_the_host(library: Library) -> None:
    made = library.begin(AT_ONCE)
    made.world.engine.tags["acme/web:v1.1.0"] = "sha256:mine"
    made.world.shelf.is_away = True
    said = str(told(made, "v1.1.0").state.message)
    assert "nobody knows whether it is the one that the registry has" in said
    assert "pull_policy: never" in said


def test_an_image_that_no_registry_has_is_taken_from_the_host_where_compose_says_so(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_pulled(project: str) -> dict[str, Any]:
        model = model_of(project)
        model["services"]["web"]["pull_policy"] = "never"
        return model

    made = library.begin(AT_ONCE)
    monkeypatch.setattr("tests.world.world.model_of", never_pulled)
    assert "it is not there" in str(told(made, "v1.1.0").state.message)
    engine, sha = made.world.engine, VERSIONS["v1.1.0"].sha
    engine.images["sha256:mine"] = {"org.opencontainers.image.revision": sha}
    engine.tags["acme/web:v1.1.0"] = "sha256:mine"
    run = told(made, "v1.1.0")
    assert run.state.is_completed()
    assert now(made).release.images["web"] == "sha256:mine"
    assert "it was looked up in no registry" in run.pages["shop-prod-plan"]


def test_the_plan_shows_what_both_images_say_and_which_of_them_stays(library: Library) -> None:
    made = library.begin(AT_ONCE)
    page = told(made, "v1.1.0").pages["shop-prod-plan"]
    assert "Version: `v1.0.0` → `v1.1.0`" in page
    assert "**worker:** stays `acme/worker@" in page
    assert "All services start anew" in page


def test_the_message_names_what_has_changed(library: Library) -> None:
    made = library.begin(AT_ONCE)
    told(made, "v1.1.0")
    [sent] = [one for one in made.world.notifier("team").sent if one.kind == "released"][-1:]
    assert "web: v1.0.0 → v1.1.0" in sent.body


def test_an_image_that_two_services_share_is_built_once(library: Library) -> None:
    made = library.begin(Story("built", release, asked("v1.1.0"), serves="v1.1.0"))
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    text = file.read_text().replace("acme/worker", "acme/web").replace("acme/beat", "acme/web")
    file.write_text(text.replace(", dockerfile: Dockerfile", ""))
    told(made, "v1.1.0")
    assert len(set(now(made).release.images.values())) == 1
    assert made.world.moments.made["image acme/web:v1.1.0"] == 1


def test_a_story_of_built_images_has_a_commit(library: Library) -> None:
    """The other side: with a repository a release is about its commit."""
    made = library.begin(Story("built", release, asked("v1.1.0"), serves="v1.1.0"))
    told(made, "v1.1.0")
    assert now(made).commit == VERSIONS["v1.1.0"].sha
