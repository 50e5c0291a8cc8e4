"""What `tidegate init` says of the answers that nobody gave."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli import init as module
from tasks.plan.application import Application
from tasks.plan.proposing import Written
from tidegate.proposal.questions import Answers, Question


def told(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *, asks: bool, needs_commit: bool = False
) -> str:
    """By one that wants to know a title, which the folder says, and a domain."""

    def begin(application: Application, answers: Answers, places: Any, prepare: Any) -> Written:
        answers.to(Question("title", "What do people call it?", "The Shop"))
        answers.to(Question("domain", "By which name do people come?", "shop.localhost"))
        written = Written("shop", "staging", ("stack.yaml",), (), 10, 2, {}, {}, (), "v1")
        return replace(written, needs_commit=needs_commit)

    monkeypatch.setattr(module, "begin", begin)
    monkeypatch.setattr(module, "application_in", Application)
    monkeypatch.setattr(module, "_ask", lambda question: question.found)
    output = io.StringIO()
    module.init(folder, {"domain": None}, Console(file=output), asks=asks, quiet=False)
    return output.getvalue()


def test_what_was_taken_without_asking_is_shown_as_options(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = told(monkeypatch, tmp_path, asks=False)
    assert "nobody was asked: --title 'The Shop', --domain shop.localhost" in text
    assert "question(s) asked" not in text


def test_who_was_asked_is_not_told_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = told(monkeypatch, tmp_path, asks=True)
    assert "nobody was asked" not in text
    assert text.rstrip().endswith("tidegate release shop v1 staging")
    assert "git commit" not in text


def test_where_git_has_nothing_to_release_that_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = told(monkeypatch, tmp_path, asks=True, needs_commit=True)
    assert "to do first: git add, git commit" in text
