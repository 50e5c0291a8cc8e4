"""An environment as it is opened: where people find it, what it hides, and which of its services
never run twice."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows.release import release
from tasks.frame.environments import open_environment, open_serving
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import target
from tests.flows.conftest import Library
from tests.flows.stories import Story
from tidegate.edge.routing import slot_url
from tidegate.errors import ConfigError, InputError, StackFileError
from tidegate.ledger import Deployment
from tidegate.stack.roles import ALONE_LABEL

SECRET = "a-long-password-of-no-meaning"


@pytest.fixture
def env(library: Library) -> OpenEnvironment:
    library.begin(Story("an environment", release, {}, with_staging=True, with_routes=True))
    return open_environment("shop", "prod")


@pytest.mark.parametrize(
    ("edge", "https", "path", "url"),
    [
        ("http://127.0.0.1:8080", False, "/", "http://shop.test:8080"),
        ("http://127.0.0.1:80", False, "/", "http://shop.test"),
        ("http://127.0.0.1:443", False, "/", "http://shop.test"),
        ("http://127.0.0.1:8080", True, "/", "https://shop.test"),
        ("http://127.0.0.1:8080", True, "/blog", "https://shop.test/blog"),
        ("http://127.0.0.1:8080", False, "/blog", "http://shop.test:8080/blog"),
    ],
)
def test_people_find_it_by_its_first_name(
    env: OpenEnvironment, edge: str, https: bool, path: str, url: str
) -> None:
    main, *others = env.stack.routes
    routes = (main.model_copy(update={"path": path}), *others)
    changed = replace(
        env,
        edge=cast(Any, SimpleNamespace(public_url=edge)),
        config=env.config.model_copy(update={"https": https}),
        stack=env.stack.model_copy(update={"routes": routes if path == "/" else routes[:1]}),
    )
    assert changed.url == url


def test_what_is_shown_of_it_holds_no_secret(env: OpenEnvironment) -> None:
    """A traceback or a log may show it."""
    assert SECRET in env.values.values()
    assert SECRET not in repr(env)
    assert SECRET not in repr(replace(env, now=env.values, read={"services": {"a": SECRET}}))


def test_a_login_that_was_changed_since_is_the_valid_one_and_nothing_else_is(
    env: OpenEnvironment,
) -> None:
    assert env.with_logins_of_now() is env
    assert replace(env, now={**env.values, "MEDIA": "/elsewhere"}).with_logins_of_now().values == (
        env.values
    )
    later = replace(env, now={"DB_PASSWORD": "another-long-password", "MEDIA": "/elsewhere"})
    assert later.with_logins_of_now().values == {
        **env.values,
        "DB_PASSWORD": "another-long-password",
    }
    assert env.redactor.redact("it is another-long-password") == "it is ***"


def test_all_faults_are_told_at_once_and_what_to_do_once(env: OpenEnvironment) -> None:
    env.refuse_faults()
    faults = tuple(
        ConfigError(doing, came_back, to_do)
        for doing, came_back, to_do in (
            ("reading .env", "A is empty", "Correct it"),
            ("reading .env", "B is empty", "Correct it"),
            ("loading C", "it is not there", "Save it"),
        )
    )
    with pytest.raises(ConfigError) as raised:
        replace(env, faults=faults).refuse_faults()
    assert (raised.value.doing, raised.value.came_back, raised.value.to_do) == (
        "reading .env",
        "A is empty; B is empty; loading C: it is not there",
        "Correct it. Save it",
    )


def test_where_the_compose_files_cannot_be_read_the_stack_file_says_what_never_runs_twice(
    env: OpenEnvironment,
) -> None:
    labelled = {"services": {"web": {"labels": {ALONE_LABEL: "true"}}, "worker": {}}}
    assert replace(env, read=labelled).alone == {"beat", "web"}
    faulty = (StackFileError("reading", "it is broken", "Correct it"),)
    assert replace(env, faults=cast(Any, faulty)).alone == {"beat"}


def test_a_stack_or_environment_that_nobody_knows_is_refused(env: OpenEnvironment) -> None:
    with pytest.raises(StackFileError, match="it has only"):
        open_environment("shop", "qa")
    with pytest.raises(InputError):
        open_serving("nobody", "prod")


def test_what_serves_is_opened_as_it_was_planned_and_else_as_its_folder_says(
    env: OpenEnvironment,
) -> None:
    assert open_serving("shop", "prod").copies is not None
    assert open_serving(env.stack, "prod").copies is not None
    assert open_environment("shop", "prod").copies is None


def test_the_edge_finds_a_slot_by_its_main_route(env: OpenEnvironment) -> None:
    found = target(env, Deployment(number=7, slot="shop-prod-7"))
    assert (found.deployment, found.url) == (7, slot_url("shop-prod-7", "web", 8000))
    assert env.routed[-1].service.name == "worker"


def test_prints_of_its_values_say_which_differ_and_nothing_more(env: OpenEnvironment) -> None:
    prints = env.config_prints
    assert set(prints) == set(env.values)
    assert not set(prints.values()) & set(env.values.values())
    other = replace(env, values={**env.values, "DB_NAME": "another"}).config_prints
    assert [name for name, print in prints.items() if other[name] != print] == ["DB_NAME"]
