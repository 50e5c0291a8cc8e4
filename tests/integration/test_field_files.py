"""What `tidegate init` makes of the applications of `examples/field`, and `tidegate check` of that;
nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.plan.application import Application
from tasks.plan.checking import look_over
from tasks.plan.proposing import begin as propose
from tests.field.apps import APPS, App
from tests.field.beginning import add_by_hand, answers_of
from tests.field.rows import Row
from tests.field.team import Team
from tidegate.proposal.questions import MOST, Answers, Question
from tidegate.settings import Settings

IMAGES = {"NGINX_IMAGE": "nginx:1.27-alpine"}
MOST_LINES = 15


def found(question: Question) -> str:
    assert question.found, f"nobody answers: {question.text}"
    return question.found


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.name)
def test_the_files_of_a_field_application_are_in_order(app: App, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", stacks=tmp_path / "stacks")
    for folder in (settings.home, settings.stacks):
        folder.mkdir()
    team = Team(app, settings.stacks / Team.stack_of(app), tmp_path / app.name)
    team.commit_versions()
    team.clone()
    team.write_env_file(".env", IMAGES)
    given = answers_of(team)
    written = propose(Application(team.folder), Answers({"name": team.stack, **given}, found))
    assert written.lines <= MOST_LINES
    assert written.asked + len(given) <= MOST
    add_by_hand(team, Row(app.name, app.kind), IMAGES)
    team.complete_env_files(IMAGES)
    assert [one for one in look_over(settings)[1] if one.kind == "fault"] == []
