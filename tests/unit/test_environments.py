"""An environment is data: what is done there follows from its kind, and the way to it from what it
comes after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.test_stackfile import SAMPLE, written
from tidegate.errors import StackFileError
from tidegate.stack.catalogue import every_stack
from tidegate.stack.environments import HABITS
from tidegate.stack.file import Stack, load_stack

HABIT_NAMES = tuple(vars(HABITS["production"]))


def stack_of(**environments: dict[str, Any]) -> Any:
    """The sample with these environments; each has a domain of its own."""
    content = yaml.safe_load(SAMPLE)
    base = content["environments"].pop("prod")
    content["environments"] = {
        name.replace("_", "-"): {**base, "domains": [f"{name.replace('_', '-')}.test"], **said}
        for name, said in environments.items()
    }
    return content


def loaded(folder: Path, **environments: dict[str, Any]) -> Stack:
    return load_stack(written(folder, stack_of(**environments)))


def faults(folder: Path, **environments: dict[str, Any]) -> str:
    with pytest.raises(StackFileError) as error:
        loaded(folder, **environments)
    return error.value.came_back


STAGING, PRODUCTION = {"kind": "staging"}, {"kind": "production", "after": "staging"}


def test_an_environment_without_a_kind_is_refused_with_what_to_write(tmp_path: Path) -> None:
    content = stack_of(prod={})
    del content["environments"]["prod"]["kind"]
    with pytest.raises(StackFileError) as error:
        load_stack(written(tmp_path, content))
    assert (
        error.value.came_back
        == "environments.prod.kind: is missing: one of development, staging, production"
    )


@pytest.mark.parametrize("kind", HABITS)
def test_what_is_done_follows_from_the_kind_and_not_from_the_name(
    tmp_path: Path, kind: Any
) -> None:
    for name in ("prod", "staging", "dev", "qa-2b"):
        said = loaded(tmp_path / name, **{name.replace("-2b", "b"): {"kind": kind}}).environments
        [own] = said.values()
        assert {habit: getattr(own, habit) for habit in HABIT_NAMES} == vars(HABITS[kind])


@pytest.mark.parametrize("habit", HABIT_NAMES)
@pytest.mark.parametrize("kind", HABITS)
def test_every_habit_can_be_said_otherwise(tmp_path: Path, kind: Any, habit: str) -> None:
    other = not getattr(HABITS[kind], habit)
    own = loaded(tmp_path, here={"kind": kind, habit: other}).environments["here"]
    assert {name for name in HABIT_NAMES if getattr(own, name) != getattr(HABITS[kind], name)} == {
        habit
    }


def test_a_release_goes_through_every_environment_before_in_order(tmp_path: Path) -> None:
    stack = loaded(
        tmp_path,
        dev={"kind": "development"},
        qa={"kind": "staging", "after": "dev"},
        prod_eu={"kind": "production", "after": "qa"},
        prod_us={"kind": "production", "after": "prod-eu"},
    )
    assert stack.way_to("prod-us") == ("dev", "qa", "prod-eu", "prod-us")
    assert stack.way_to("prod-eu") == ("dev", "qa", "prod-eu")
    assert stack.way_to("dev") == ("dev",)
    assert [stack.before(name) for name in ("dev", "qa", "prod-eu", "prod-us")] == [
        None,
        "dev",
        "qa",
        "prod-eu",
    ]


def test_two_productions_may_come_after_one_environment(tmp_path: Path) -> None:
    stack = loaded(tmp_path, staging=STAGING, prod_eu=PRODUCTION, prod_us=PRODUCTION)
    assert stack.productions == ["prod-eu", "prod-us"]
    assert {stack.way_to(name) for name in stack.productions} == {
        ("staging", "prod-eu"),
        ("staging", "prod-us"),
    }


@pytest.mark.parametrize(
    ("environments", "fault"),
    [
        (
            {"staging": STAGING, "prod": {"kind": "production"}},
            "environments.prod.after: is missing: say through which environment a release comes here (`after: staging`), "
            "or `after: nothing`",
        ),
        (
            {"staging": STAGING, "prod": {"kind": "production", "after": "stagin"}},
            "environments.prod.after: there is no environment 'stagin' (there are prod, staging)",
        ),
        (
            {"prod": {"kind": "production", "after": "prod"}},
            "environments.prod.after: comes after itself",
        ),
        (
            {
                "a": {"kind": "staging", "after": "c"},
                "b": {"kind": "staging", "after": "a"},
                "c": {"kind": "staging", "after": "b"},
            },
            "environments.c.after: comes after itself",
        ),
        ({"nothing": STAGING}, "environments.nothing: is a word of `after`; give it another name"),
        (
            {
                "prod_eu": {"kind": "production", "domains": ["x.test"]},
                "prod_us": {"kind": "production", "domains": ["x.test"]},
            },
            "environments: x.test is a domain of prod-eu and of prod-us",
        ),
        (
            {"prod": {"kind": "production", "domains": ["x.test", "x.test"]}},
            "environments: x.test is a domain of prod and of prod",
        ),
        (
            {"prod": {"kind": "live"}},
            "environments.prod.kind: must be 'development', 'staging' or 'production' (got \"live\")",
        ),
        (
            {"prod": {"kind": "production", "watched": "sometimes"}},
            "environments.prod.watched: must be a valid boolean",
        ),
    ],
)
def test_environments_that_do_not_fit_together_are_refused(
    tmp_path: Path, environments: Any, fault: str
) -> None:
    assert fault in faults(tmp_path, **environments)


def test_who_leads_into_a_circle_is_not_blamed_for_it(tmp_path: Path) -> None:
    said = faults(
        tmp_path, a={"kind": "staging", "after": "b"}, b={"kind": "staging", "after": "b"}
    )
    assert said == "environments.b.after: comes after itself"


def test_a_production_may_be_released_to_at_once_where_the_file_says_so(tmp_path: Path) -> None:
    stack = loaded(tmp_path, staging=STAGING, prod={"kind": "production", "after": "nothing"})
    assert stack.way_to("prod") == ("prod",)


@pytest.mark.parametrize(
    "name",
    [
        "Prod",
        "prod_eu",
        "prod-2",
        "2prod",
        "prod-",
        "-prod",
        "prod--eu",
        "prod.eu",
        "p" * 21,
        "",
        "prod\n",
        "прод",
        "prod eu",
    ],
)
def test_a_name_that_could_be_taken_for_another_one_is_refused(tmp_path: Path, name: str) -> None:
    """`shop-prod-2` is the second deployment of `prod`."""
    content = stack_of(prod={"kind": "production"})
    content["environments"] = {name: content["environments"]["prod"]}
    with pytest.raises(StackFileError, match="must be at most 20 lower-case letters and digits"):
        load_stack(written(tmp_path, content))


@pytest.mark.parametrize("name", ["qa", "prod-eu", "prod-eu2", "p", "a1-b2-c3", "p" * 20])
def test_a_name_is_the_teams_own(tmp_path: Path, name: str) -> None:
    content = stack_of(prod={"kind": "production"})
    content["environments"] = {name: content["environments"]["prod"]}
    assert list(load_stack(written(tmp_path, content)).environments) == [name]


def test_a_check_for_an_environment_that_is_not_there_would_never_run_and_is_refused(
    tmp_path: Path,
) -> None:
    content = stack_of(prod={"kind": "production"})
    content["smoke"][0]["only"] = ["live"]
    with pytest.raises(StackFileError, match=r"smoke\[0\]\.only: there is no environment 'live'"):
        load_stack(written(tmp_path, content))


def test_two_stacks_whose_environments_have_one_name_on_the_engine_are_told_apart(
    tmp_path: Path,
) -> None:
    """The one with the shorter name has it, whoever came first; the other one stops nobody but
    itself."""
    for name, environment in (("shop", "prod-eu"), ("shop-prod", "eu"), ("shop-prod-x", "eu")):
        content = {**stack_of(prod={"kind": "production"}), "name": name, "aliases": []}
        content["environments"] = {environment: content["environments"]["prod"]}
        written(tmp_path / name, content)
    found = every_stack(tmp_path)
    assert [stack.name for stack in found.good] == ["shop", "shop-prod-x"]
    assert [(one.name, one.error.came_back) for one in found.faulty] == [
        ("shop-prod", "shop-prod-eu is what an environment of shop is called on the engine")
    ]


@pytest.mark.parametrize(
    ("language", "alone", "first"),
    [("en", "Production", "Production (prod-eu)"), ("zh", "生产环境", "生产环境 (prod-eu)")],
)
def test_people_read_the_kind_and_the_name_where_there_are_several(
    tmp_path: Path, language: str, alone: str, first: str
) -> None:
    one = loaded(tmp_path / "one", staging=STAGING, live=PRODUCTION)
    two = loaded(tmp_path / "two", staging=STAGING, prod_eu=PRODUCTION, prod_us=PRODUCTION)
    assert one.place("live").heading(language) == alone
    assert two.place("prod-eu").heading(language) == first
    assert two.place("gone").heading(language) == two.place("gone").inside(language) == "gone"
    assert two.place("gone").is_loud


def test_the_data_are_in_the_project_that_the_environment_names_and_otherwise_in_one_of_its_own(
    tmp_path: Path,
) -> None:
    stack = loaded(
        tmp_path / "cloudlens",
        qa=STAGING,
        prod={"kind": "production", "after": "qa", "base_project": "by_hand"},
    )
    assert {name: stack.base_project(name) for name in ("qa", "prod", "gone")} == {
        "qa": "cloudlens-qa",
        "prod": "by_hand",
        "gone": "cloudlens-gone",
    }
    assert every_stack(tmp_path).base_projects == {"cloudlens-qa", "by_hand"}


@pytest.mark.parametrize("base", ["by_hand", "cloudlens-prod"])
def test_two_environments_never_have_the_same_data(tmp_path: Path, base: str) -> None:
    said = {"qa": {**STAGING, "base_project": base}, "prod": {"kind": "production", "after": "qa"}}
    if base == "by_hand":
        said["prod"]["base_project"] = base
    assert f"environments: {base} is the base project of two of them" in faults(tmp_path, **said)


@pytest.mark.parametrize("base", ["by-hand", "shop-live"])
def test_no_stack_has_the_data_of_another_one(tmp_path: Path, base: str) -> None:
    for name, chosen in (("mill", base), ("shop", "by-hand" if base == "by-hand" else None)):
        content = {
            **stack_of(live={"kind": "production", "base_project": chosen}),
            "name": name,
            "aliases": [],
        }
        written(tmp_path / name, content)
    found = every_stack(tmp_path)
    assert {one.name: one.error.came_back for one in found.faulty}[
        "mill"
    ] == f"base_project: {base} holds the data of shop"


@pytest.mark.parametrize("project", ["Shop", "-shop", "", "shop prod", "_shop"])
def test_what_is_no_compose_project_is_refused(tmp_path: Path, project: str) -> None:
    assert "environments.prod.base_project: must be a compose project" in faults(
        tmp_path, prod={"kind": "production", "base_project": project}
    )
