"""What is registered with Prefect: lists in the forms, and when it is due again."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from control import forms as control_forms
from control.deployments import wanted
from control.forms import Forms
from control.registered import is_due, note_registered, stamp_of
from control.served import fixed, for_each_environment
from tests.unit.ledger_parts import ledger_url
from tests.unit.test_stackfile import SAMPLE, written
from tidegate.settings import Settings
from tidegate.stack.choices import Choices, choices

CHOICES = Choices(
    ("shop", "web-shop", "mill"), {"prod": ("shop", "web-shop"), "qa": ("shop", "web-shop", "mill")}
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "home").mkdir()
    ledger_url(tmp_path / "home")  # with its tables
    add(tmp_path / "stacks", "shop", "prod", "qa")
    return Settings(home=tmp_path / "home", stacks=tmp_path / "stacks")


def add(stacks: Path, name: str, *environments: str) -> None:
    content = yaml.safe_load(SAMPLE)
    own = content["environments"].pop("prod")
    content |= {
        "name": name,
        "aliases": [],
        "environments": {one: {**own, "domains": [f"{one}.{name}.test"]} for one in environments},
    }
    written(stacks / name, content)


def lists(name: str) -> dict[str, list[str]]:
    [one] = [one for one in wanted(CHOICES) if one.full_name == name]
    fields: dict[str, Any] = one.fields["parameter_openapi_schema"]["properties"]
    return {
        field: fields[field]["enum"]
        for field in ("stack", "environment")
        if "enum" in fields.get(field, {})
    }


def test_a_form_lists_only_what_can_be_chosen_there() -> None:
    assert lists("release/prod") == {"stack": ["shop", "web-shop"], "environment": ["prod"]}
    assert lists("rollback/qa") == {"stack": ["mill", "shop", "web-shop"], "environment": ["qa"]}
    assert lists("incident/all") == {
        "stack": ["mill", "shop", "web-shop"],
        "environment": ["prod", "qa"],
    }


def test_every_environment_has_a_deployment_of_each_kind_and_the_others_are_there_once() -> None:
    names = [one.full_name for one in wanted(CHOICES)]
    assert len(names) == len(set(names)) == len(fixed()) + 2 * len(for_each_environment())
    assert {"release/qa", "rollback/prod", "restore/qa", "watch/all"} <= set(names)


def test_the_deployment_of_an_environment_gives_it_to_the_flow() -> None:
    given = {one.full_name: one.fields["parameters"] for one in wanted(CHOICES)}
    assert given["release/qa"] == {"environment": "qa"}
    assert given["watch/all"] == {}


def test_a_faulty_stack_may_be_asked_for_everywhere_so_that_somebody_is_told(
    settings: Settings,
) -> None:
    written(settings.stacks / "torn", "name: torn")
    assert choices(settings) == Choices(
        ("shop", "torn"), {"prod": ("shop", "torn"), "qa": ("shop", "torn")}
    )


def test_nothing_is_due_until_something_was_registered_and_another_name_is_there(
    settings: Settings,
) -> None:
    assert not is_due(settings)
    note_registered(settings, choices(settings))
    assert not is_due(settings)
    add(settings.stacks, "mill", "qa")
    assert is_due(settings)


def test_a_stack_file_that_was_written_is_seen_without_being_read(settings: Settings) -> None:
    before = stamp_of(settings.stacks)
    assert stamp_of(settings.stacks) == before
    os.utime(settings.stacks / "shop" / "stack.yaml", ns=(1, 1))
    assert stamp_of(settings.stacks) != before
    assert stamp_of(settings.stacks / "nowhere") == ()


@pytest.fixture
def registering(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often it was begun."""
    begun = list[int]()

    async def register() -> None:
        begun.append(1)

    monkeypatch.setattr(control_forms, "_register", register)
    return begun


def test_the_worker_registers_once_for_a_change_of_names_and_not_for_other_edits(
    settings: Settings, registering: list[int]
) -> None:
    forms = Forms(settings)

    def looked() -> int:
        asyncio.run(forms.follow())
        return len(registering)

    note_registered(settings, choices(settings))
    assert (looked(), looked()) == (0, 0)
    file = settings.stacks / "shop" / "stack.yaml"
    file.write_text(file.read_text() + "smoke_repeat_seconds: 9\n")
    assert looked() == 0
    add(settings.stacks, "mill", "qa")
    assert looked() == 1
    note_registered(settings, choices(settings))
    assert looked() == 1


def test_what_could_not_be_registered_is_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = list[int]()

    async def away() -> None:
        tried.append(1)
        raise OSError("the server is away")

    monkeypatch.setattr(control_forms, "_register", away)
    note_registered(settings, Choices((), {}))
    forms = Forms(settings)
    for times in (1, 2):
        asyncio.run(forms.follow())
        assert len(tried) == times
