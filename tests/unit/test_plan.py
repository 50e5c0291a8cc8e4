"""The plan's hash: whatever an approver decides about is in it, and nothing that changes by
itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plans import AT, COMMIT, PREFLIGHT, STAGED, a_plan, schema_change
from tidegate.facts import CheckResult, Fit, MigrationClass
from tidegate.plan.changes import Plan, Running, Staged, WayBack, gravest, way_back_of
from tidegate.plan.resolved import ResolvedConfiguration
from tidegate.stack.environments import Place
from tidegate.versions import Commit, Version

DECIDED: dict[str, Mapping[str, Any]] = {
    "another stack": {"stack": "odoo18"},
    "another environment": {"place": Place("staging", "staging")},
    "another commit": {"version": Version("v1.1.0", replace(COMMIT, sha="f" * 40))},
    "another image": {"pins": {"backend": "sha256:two"}},
    "one image more": {"pins": {"backend": "sha256:one", "worker": "sha256:one"}},
    "another configuration": {"configuration": ResolvedConfiguration({"env/NEW_KEY": "2"})},
    "another domain": {"domains": ("other.localhost",)},
    "another version running": {"running": Running("id-2", 2, "v1.0.1", "b" * 40)},
    "nothing running": {"running": None},
    "another head": {"schema": (schema_change(head="0003"),)},
    "another revision in the database": {"schema": (schema_change(current=None),)},
    "another class of migration": {"schema": (schema_change("lossy"),)},
    "another database": {"schema": (replace(schema_change(), database="audit"),)},
    "no migration": {"schema": ()},
    "another staging result": {"staged": replace(STAGED, number=8)},
    "other images on staging": {"staged": replace(STAGED, pins={"backend": "sha256:two"})},
    "another commit on staging": {"staged": replace(STAGED, commit="f" * 40)},
    "another configuration of staging": {"staged": replace(STAGED, configuration="s2")},
    "another watch": {"watch_seconds": 0},
    "never staged": {"staged": None},
}
SHOWN: dict[str, Mapping[str, Any]] = {
    "another disk figure": {"preflight": (CheckResult("disk", "pass", "19 GiB free", 0.1),)},
    "no preflight": {"preflight": ()},
    "another name of the same commit": {"version": Version("sha-19b9b98", COMMIT)},
    "how the configuration changed, when it is the same": {"config": {}},
    "how the list of commits is told": {"commits": ()},
}


@pytest.mark.parametrize("change", DECIDED.values(), ids=DECIDED.keys())
def test_the_hash_changes_with_each_part_that_is_decided_about(change: Mapping[str, Any]) -> None:
    assert replace(a_plan(), **change).hash != a_plan().hash


@pytest.mark.parametrize("change", SHOWN.values(), ids=SHOWN.keys())
def test_the_hash_stays_when_only_what_is_shown_changes(change: Mapping[str, Any]) -> None:
    assert replace(a_plan(), **change).hash == a_plan().hash


texts = st.text(min_size=1, max_size=6)
pins = st.dictionaries(texts, texts, max_size=3)
plans = st.builds(
    Plan,
    stack=texts,
    place=st.builds(Place, st.sampled_from(["staging", "prod"])),
    saves=st.just(True),
    pins=pins,
    configuration=st.dictionaries(texts, texts, max_size=3).map(ResolvedConfiguration),
    version=st.builds(lambda sha: Version("v1", Commit(sha, "", "", AT)), texts),
    config=st.just({}),
    commits=st.just(()),
    domains=st.lists(texts, max_size=2).map(tuple),
    preflight=st.just(PREFLIGHT),
    watch_seconds=st.integers(0, 9),
    schema=st.lists(
        st.builds(
            schema_change,
            st.sampled_from(["additive", "lossy"]),
            head=texts,
            current=st.none() | texts,
        ),
        max_size=2,
    ).map(tuple),
    running=st.none() | st.builds(Running, texts, st.just(1), st.just("v1"), st.just("a")),
    staged=st.none()
    | st.builds(
        Staged,
        st.just(Place("qa")),
        st.integers(1, 9),
        texts,
        pins,
        texts,
        st.just(()),
        st.booleans(),
        texts,
    ),
)


@given(plans, plans)
def test_two_plans_have_one_hash_exactly_when_the_same_is_decided(one: Plan, other: Plan) -> None:
    assert (one.hash == other.hash) == (_decided(one) == _decided(other))


@given(plans)
def test_the_hash_is_64_hex_digits_and_does_not_depend_on_the_order_of_images(plan: Plan) -> None:
    assert len(plan.hash) == 64
    assert int(plan.hash, 16) >= 0
    assert replace(plan, pins=dict(reversed(list(plan.pins.items())))).hash == plan.hash


@pytest.mark.parametrize(
    ("kind", "way_back"),
    [
        ("none", "image only"),
        ("additive", "image only"),
        ("needs downgrade", "image + downgrade"),
        ("lossy", "stop and ask"),
        ("unknown", "stop and ask"),
        ("irreversible", "stop and ask"),
    ],
)
def test_the_class_of_the_migration_decides_about_the_way_back(
    kind: MigrationClass, way_back: WayBack
) -> None:
    assert way_back_of(kind, is_asked=False) == way_back
    assert replace(a_plan(), schema=(schema_change(kind),)).way_back == way_back


def test_what_is_lossy_only_where_the_data_do_not_fit_is_asked_of_them() -> None:
    asked = replace(schema_change("lossy"), fits=(Fit("bills.note is short", "SELECT 0"),))
    plan = replace(a_plan(), schema=(schema_change("needs downgrade"), asked))
    assert plan.way_back == "ask the data"
    assert (
        plan.hash
        != replace(plan, schema=(schema_change("needs downgrade"), schema_change("lossy"))).hash
    )
    assert replace(plan, schema=(asked, schema_change("lossy"))).way_back == "stop and ask"
    assert replace(plan, schema=(asked, schema_change("irreversible"))).way_back == "stop and ask"


def test_the_gravest_of_several_migrations_counts() -> None:
    assert gravest(["additive", "lossy", "needs downgrade"]) == "lossy"
    assert gravest([]) == "none"


def test_a_first_release_has_no_way_back() -> None:
    assert replace(a_plan(), running=None).way_back == "none"


def _decided(plan: Plan) -> str:
    """All that a person decides about, written down independently of the plan's own hash."""
    schema = [(change.database, change.current, change.head, change.kind) for change in plan.schema]
    staged = plan.staged and (
        plan.staged.number,
        plan.staged.commit,
        sorted(plan.staged.pins.items()),
        plan.staged.configuration,
    )
    return json.dumps(
        [
            plan.stack,
            plan.environment,
            plan.version.id,
            sorted(plan.pins.items()),
            sorted(plan.configuration.prints.items()),
            plan.domains,
            plan.watch_seconds,
            plan.running.id if plan.running else None,
            schema,
            staged,
        ]
    )
