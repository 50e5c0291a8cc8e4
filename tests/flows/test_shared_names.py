"""Two stacks at one host name: whatever is done to one of them, each has its own paths at every
moment, and no others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from flows.release import release
from flows.restore import restore
from flows.rollback import rollback
from tests.flows.asking import RESTORE, ROLLBACK, asked
from tests.flows.beginnings import offer_the_name, share_the_name
from tests.flows.conftest import Library
from tests.flows.installation import Installation, Kept
from tests.flows.stories import STORIES, Story, settle, tell
from tidegate.edge.facts import Served

HOST = "shop.test"
OF_THE_SHOP = [
    *(one for one in STORIES if one.with_blog or one.prepare is share_the_name),
    Story("a version that fails its checks", release, asked("v2.1.0"), with_blog=True),
    Story("a rollback", rollback, ROLLBACK, before=("v1.0.0", "v1.0.1"), with_blog=True),
    Story("a release in place", release, asked("v1.1.0"), with_blog=True, in_place=True),
]


def release_the_blog(made: Installation) -> None:
    """A second time."""
    made.prefect.start(release, **asked("v1.0.1", stack="blog"))


BAD = ("one that fails its checks", "one that serves badly")
OF_THE_BLOG = [
    Story("the next version", release, asked("v1.1.0", stack="blog"), with_blog=True),
    Story("one that fails its checks", release, asked("v2.1.0", stack="blog"), with_blog=True),
    Story(
        "a version that takes its place",
        release,
        asked("v1.1.0", stack="blog"),
        with_blog=True,
        in_place=True,
    ),
    Story(
        "one that serves badly",
        release,
        asked("v2.0.2", stack="blog", watch_seconds=2),
        with_blog=True,
    ),
    Story(
        "a rollback",
        rollback,
        {**ROLLBACK, "stack": "blog"},
        with_blog=True,
        prepare=release_the_blog,
    ),
    Story(
        "a restore",
        restore,
        {**RESTORE, "stack": "blog"},
        with_blog=True,
        prepare=release_the_blog,
    ),
]


def watched(made: Installation, paths: Sequence[str]) -> list[list[Served | None]]:
    """Who answers at each of them, after each change from now on."""
    seen = [list[Served | None]() for _ in paths]

    def look(_what: str) -> None:
        for path, answers in zip(paths, seen, strict=True):
            answers.append(made.world.edge.answering(HOST, path))

    made.world.moments.after_change = look
    return seen


@pytest.mark.parametrize("story", OF_THE_SHOP, ids=lambda story: story.id)
def test_whatever_is_done_to_the_shop_the_blog_answers_at_its_paths(
    library: Library, story: Story
) -> None:
    made = library.begin(story)
    [seen] = watched(made, ["/blog/a"])
    tell(made, story)
    assert {*seen} == {Served("blog", "prod", 1)}


@pytest.mark.parametrize("story", OF_THE_BLOG, ids=lambda story: story.id)
def test_whatever_is_done_to_the_blog_the_shop_answers_at_all_other_paths(
    library: Library, story: Story
) -> None:
    made = library.begin(story)
    before, [seen] = made.world.edge.answering(HOST, "/blog"), watched(made, ["/"])
    run = tell(made, story)
    assert before is not None
    assert run.state.is_completed() == (story.name not in BAD)
    assert {*seen} == {Served("shop", "prod", 1)}
    served = made.world.edge.answering(HOST, "/blog/a")
    assert served is not None
    assert served.stack == "blog"


def rewritten(made: Installation, stack: str, old: str, new: str) -> None:
    """A stack's file with another word in it."""
    file = made.home.parent / "stacks" / stack / "stack.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("stack", "old", "new", "said"),
    [
        ("shop", "shares_names_with: [blog]", "shares_names_with: [mill]", "shop.test/ belongs to"),
        ("shop", "shares_names_with: [blog],", "", "shop.test belongs to shop prod"),
        ("blog", "shares_names_with: [shop]", "shares_names_with: [mill]", "shop.test/ belongs to"),
        ("blog", "shares_names_with: [shop],", "", "shop.test/ belongs to shop prod"),
        ("blog", "path: /blog", "path: /", "shop.test/ belongs to shop prod"),
    ],
)
def test_a_stack_that_may_not_have_a_path_is_refused_before_anything_is_changed(
    library: Library, stack: str, old: str, new: str, said: str
) -> None:
    made = library.begin(Story("a shop that offers its name", release, {}, prepare=offer_the_name))
    rewritten(made, stack, old, new)
    if stack == "shop":
        assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()
    made.world.moments.begin_anew()
    run = made.prefect.start(release, **asked("v1.0.0", stack="blog"))
    assert said in str(run.state.data)
    changes = [one for one in made.world.moments.changes if not one.endswith("ledger")]
    assert changes == ["team was told: refused"]
    assert made.world.edge.route("blog", "prod") is None


def test_a_shop_that_shares_its_name_no_more_is_refused_while_the_blog_is_there(
    library: Library,
) -> None:
    made = library.begin(Story("both", release, {}, with_blog=True))
    rewritten(made, "shop", "shares_names_with: [blog],", "")
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert "shop.test/blog belongs to blog prod (its route" in str(run.state.data)
    assert made.world.edge.answering(HOST, "/") == Served("shop", "prod", 1)


def test_a_way_back_goes_without_a_path_that_the_other_stack_has_taken_since(
    library: Library,
) -> None:
    """The first version of the blog had the news too; the shop has them now."""
    made = library.begin(Story("both", release, {}, with_blog=True))
    with_news(made)
    assert made.world.edge.answering(HOST, "/news") == Served("blog", "prod", 2)
    assert made.prefect.start(release, **asked("v1.1.0", stack="blog")).state.is_completed()
    news = "routes: [{path: /, service: web}, {path: /news, service: web}]\ndatabases:\n"
    rewritten(made, "shop", "databases:\n", news)
    assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()
    run = made.prefect.start(rollback, **{**ROLLBACK, "stack": "blog"})
    assert run.state.is_completed(), run.state.message
    assert made.world.edge.answering(HOST, "/news") == Served("shop", "prod", 2)
    assert made.world.edge.answering(HOST, "/blog") == Served("blog", "prod", 4)


def with_news(made: Installation) -> None:
    """The blog is released with the news at its paths, too; its next version leaves them."""
    route, check = "  - {path: /news, service: web}\n", ", {name: news, path: /news}]"
    rewritten(made, "blog", "routes:\n", f"routes:\n{route}")
    rewritten(made, "blog", "path: /blog}]", f"path: /blog}}{check}")
    assert made.prefect.start(release, **asked("v1.0.1", stack="blog")).state.is_completed()
    rewritten(made, "blog", route, "")
    rewritten(made, "blog", check, "]")


@pytest.mark.parametrize("in_place", [False, True])
def test_a_path_that_a_version_leaves_goes_to_the_other_stack_at_the_switch_and_not_before(
    library: Library, in_place: bool
) -> None:
    """Where it is replaced in its place, its paths are closed meanwhile."""
    made = library.begin(Story("both", release, {}, with_blog=True, in_place=in_place))
    with_news(made)
    news, blog = watched(made, ["/news", "/blog"])
    run = made.prefect.start(release, **asked("v1.1.0", stack="blog"))
    assert run.state.is_completed(), run.state.message
    assert (news[-1], blog[-1]) == (Served("shop", "prod", 1), Served("blog", "prod", 3))
    before = [one for one, served in zip(news, blog, strict=True) if served != blog[-1]]
    assert {*before} <= {Served("blog", "prod", 2), None}
    assert (None in before) == in_place


def test_the_same_version_again_is_seen_to_serve_at_its_own_path(library: Library) -> None:
    made = library.begin(Story("both", release, {}, with_blog=True))
    run = made.prefect.start(release, **asked("v1.0.0", stack="blog"))
    assert run.state.is_completed()
    assert len(made.ledger.deployments.history("blog", "prod")) == 1


def test_a_run_that_died_after_its_switch_is_found_at_its_own_path(library: Library) -> None:
    made, kept = library.begin(Story("both", release, {}, with_blog=True)), list[Kept]()
    switched = "route of blog prod: #2, behind it #1"
    made.world.moments.after_change = lambda told: (
        kept.append(made.keep(told)) if told.endswith(switched) else None
    )
    made.prefect.start(release, **asked("v1.1.0", stack="blog"))
    made.begin_from(kept[0])
    assert settle(made) == []
    assert made.world.edge.answering(HOST, "/blog") == Served("blog", "prod", 2)
