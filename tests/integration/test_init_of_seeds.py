"""What `tidegate init` would have made of the folders of `examples/seeds`: the same door as the
stack file that is there, with hardly a question."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from tasks.plan.application import Application
from tasks.plan.checking import look_over
from tasks.plan.proposing import begin as propose
from tests.integration.test_seeds import NAMES, PLACEHOLDER, SEEDS
from tidegate.proposal.questions import Answers, Question
from tidegate.settings import Settings
from tidegate.stack.file import load_stack
from tidegate.stack.services import Service

MOST_LINES = 15
MOST_QUESTIONS = 2


def found(question: Question) -> str:
    assert question.found, f"nobody answers: {question.text}"
    return question.found


def clone(name: str, there: Path) -> Settings:
    """The team's folder on its server, before anybody has heard of Tidegate."""
    folder = there / "stacks" / name
    shutil.copytree(SEEDS / "stacks" / name, folder)
    (folder / "stack.yaml").unlink()
    for example in folder.glob(".env.*.example"):
        text = re.sub(PLACEHOLDER, lambda _: secrets.token_hex(12), example.read_text())
        example.with_suffix("").write_text(text)
    if name == "langbot":
        for made in ("data", "plugins"):
            (folder / made).mkdir()
    by_mei = ("-c", "user.name=Mei", "-c", "user.email=mei@example.com")
    for words in (("init", "-q"), (*by_mei, "commit", "-q", "--allow-empty", "-m", "Begin")):
        subprocess.run(["git", *words], cwd=folder, check=True, timeout=60)
    (there / "home").mkdir()
    return Settings(home=there / "home", stacks=there / "stacks")


def door(service: Service) -> tuple[str, int | None]:
    return service.name, service.port


@pytest.mark.parametrize("name", NAMES)
def test_the_files_say_which_service_is_at_the_door_and_at_which_port(
    name: str, tmp_path: Path
) -> None:
    settings = clone(name, tmp_path)
    written = propose(
        Application(settings.stacks / name),
        Answers({"name": name, "domain": f"{name}.localhost"}, found),
    )
    assert written.lines <= MOST_LINES
    assert written.asked <= MOST_QUESTIONS
    ours = load_stack(SEEDS / "stacks" / name)
    assert door(load_stack(settings.stacks / name).services[0]) == door(ours.services[0])
    faults = [one.came_back for one in look_over(settings)[1] if one.kind == "fault"]
    left = {key for keys in written.missing.values() for key in keys}
    assert [one for one in faults if not any(key in one for key in left)] == []
