"""What a plan says of each image: which of them change, and what old and new say of themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.plans import a_plan
from tidegate.pages.images import images_part
from tidegate.pages.stages import plan_page
from tidegate.pages.words import WORDS
from tidegate.plan.image_changes import ImageChange, said_by
from tidegate.plan.image_labels import OCI
from tidegate.versions import Version

OLD, NEW = f"acme/web@sha256:{'1' * 64}", f"acme/web@sha256:{'2' * 64}"
CHANGE = ImageChange(
    "web",
    "registry",
    OLD,
    NEW,
    {"version": "2.2.0", "source": "https://git.example/a"},
    {"version": "2.3.1", "source": "https://git.example/a", "revision": "abc"},
)
SAME = ImageChange("worker", "registry", OLD, OLD, {"version": "2.2.0"}, {"version": "2.2.0"})


def page(*images: ImageChange, language: str = "en") -> str:
    return images_part(replace(a_plan(), images=images), WORDS[language])


def test_what_two_images_say_differently_is_shown_and_what_they_say_alike_is_not() -> None:
    assert page(CHANGE).splitlines() == [
        "- **web:** `acme/web@sha256:111111111111` → `acme/web@sha256:222222222222` (from its registry)",
        "  - Version: `2.2.0` → `2.3.1`",
        "  - Revision: – → `abc`",
    ]


def test_one_that_stays_says_so_and_that_the_whole_slot_is_new() -> None:
    shown = page(CHANGE, SAME)
    assert "- **worker:** stays `acme/web@sha256:111111111111` (from its registry)" in shown
    assert "All services start anew" in shown
    assert "All services start anew" not in page(CHANGE)


def test_a_first_release_shows_what_is_new_alone() -> None:
    first = replace(CHANGE, old="", old_says={})
    assert page(first).splitlines()[:2] == [
        "- **web:** `acme/web@sha256:222222222222` (from its registry)",
        "  - Version: `2.3.1`",
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_image_that_was_looked_up_nowhere_is_marked(language: str) -> None:
    mark = WORDS[language]["image_origin host"]
    assert mark.startswith("⚠")
    assert mark in page(ImageChange("web", "host", "", "sha256:abc"), language=language)


def test_a_message_names_an_image_of_others_by_its_version_or_else_by_its_digest() -> None:
    silent = replace(CHANGE, new_says={})
    plan = replace(
        a_plan(),
        images=(CHANGE, SAME, silent, replace(CHANGE, origin="built"), replace(silent, old="")),
    )
    assert plan.changes == [
        "feat: discounts",
        "web: 2.2.0 → 2.3.1",
        f"web: sha256:{'1' * 12} → sha256:{'2' * 12}",
        f"web: sha256:{'2' * 12}",
    ]


def test_labels_of_strangers_stay_on_one_line_and_are_no_markdown() -> None:
    said = said_by(
        {f"{OCI}version": "1\n# [x](http://evil)`", f"{OCI}title": "x", f"{OCI}created": " "}
    )
    assert said == {"version": "1 # [x](http://evil)`"}
    assert "`1 # [x](http://evil)ˋ`" in page(replace(CHANGE, new_says=said))


def test_without_a_repository_no_page_says_that_nothing_changes() -> None:
    plan = replace(
        a_plan(), version=Version("2.3.1", None, {"web": NEW}), commits={}, images=(CHANGE,)
    )
    shown = plan_page(plan, "en")
    assert "There is no repository" in shown
    assert "sha256:222222222222" in shown
    assert plan.hash != replace(plan, version=Version("2.3.1", None, {"web": OLD})).hash
