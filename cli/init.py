"""`tidegate init`: a stack file for an application, or a team's own folder for the stack files of
several."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Any

import typer
from rich.console import Console

from cli.shown import data
from tasks.plan.application import Application, application_in
from tasks.plan.bringing import Brought, brought
from tasks.plan.proposing import Written, begin
from tidegate.errors import InputError
from tidegate.proposal.questions import Answers, Question
from tidegate.stack.folder import FILE, STACKS
from tidegate.stack.team_folder import make_for_one, make_for_several, make_for_stack, team_of


def init(
    folder: Path,
    given: Mapping[str, str | None],
    console: Console,
    *,
    asks: bool,
    quiet: bool,
    project: str | None = None,
) -> dict[str, Any] | None:
    """What was written for the application in `folder`, or for the compose `project` that runs
    here; None where there are no compose files: then a team's folder was made.

    Raises InputError where everything is there already, or an answer is missing and nobody is
    asked.
    """
    application = Application(folder) if project else application_in(folder)
    if application is None:
        make_for_several(folder)
        if not quiet:
            console.print(
                data(
                    f"No compose file is in {folder}, so it is a folder for the stack files of "
                    f"several applications now ({FILE} says so). Put it into git, copy an "
                    f"application's compose files to {STACKS}/NAME, and type `tidegate init "
                    f"{STACKS}/NAME`."
                ),
                soft_wrap=True,
            )
        return None
    answers = Answers(
        {key: value for key, value in given.items() if value}, _ask if asks else _found
    )
    home = application.folder
    team = team_of(home)
    made = list[Path]()

    def prepare(env_files: Collection[str]) -> None:
        """First git is told to leave them alone: they hold passwords."""
        made.extend(make_for_stack(team) if team else make_for_one(home, env_files))

    with _files_of(home, project) as source:
        written = begin(
            application, answers, places=source.places if source else (), prepare=prepare
        )
    names = [os.path.relpath(file, home) for file in made]
    if not quiet:
        _tell_where(application, folder, console)
        _tell(written, names, console, source)
        if not asks:
            _tell_taken(answers, console)
        _tell_next(written, console, source)
    files = [*(source.files if source else ()), *written.files, *names]
    return {**asdict(written), "folder": str(home), "files": files}


def _files_of(folder: Path, project: str | None) -> AbstractContextManager[Brought | None]:
    return brought(folder, project) if project else nullcontext()


def _found(question: Question) -> str:
    """For a script: what was found, or an error that names the option."""
    if not question.found:
        raise InputError(
            "answering for a script",
            f"no file answers: {question.text}",
            f"Say it with --{question.option}",
        )
    return question.found


def _ask(question: Question) -> str:
    choices = f" ({', '.join(question.choices)})" if len(question.choices) > 1 else ""
    try:
        answer: str = typer.prompt(question.text + choices, default=question.found or None)
    except typer.Abort:
        if sys.stdin.isatty():
            raise  # a person does not want it any more
        raise InputError(
            f"asking: {question.text}",
            "standard input has no answer, and nothing was written",
            f"Say it with --{question.option}, or take what the files say with --yes",
        ) from None
    return answer


def _tell_where(application: Application, folder: Path, console: Console) -> None:
    if application.folder != folder:
        console.print(
            data(f"In {application.folder}, which has all that the compose files name:"),
            soft_wrap=True,
        )
    elif application.below:
        others = f", and not {', '.join(application.others)}" if application.others else ""
        console.print(data(f"Of the compose files in {application.below}{others}:"), soft_wrap=True)


def _tell(written: Written, names: list[str], console: Console, source: Brought | None) -> None:
    if source and source.files:
        console.print(
            data(f"Copied from {source.origin}: {', '.join(source.files)}."), soft_wrap=True
        )
    console.print(
        data(
            f"Written: {', '.join([*written.files, *names])}. stack.yaml has {written.lines} lines."
        ),
        soft_wrap=True,
    )
    if written.keys_of:
        console.print(
            data(f"  keys taken from {written.keys_of}, which keeps its values to itself"),
            soft_wrap=True,
        )
    for file, keys in written.made_up.items():
        console.print(
            data(f"  made up in {file}, because only this environment has them: {', '.join(keys)}"),
            soft_wrap=True,
        )
    for file, keys in written.missing.items():
        console.print(
            data(f"  to fill in, in {file} (`KEY=` leaves one empty): {', '.join(keys)}"),
            soft_wrap=True,
        )
    if written.shared:
        console.print(
            data(
                f"  on one host the environments would share {', '.join(written.shared)}: write "
                "`${NAME}` in its place in the compose file, and another value into each env file"
            ),
            soft_wrap=True,
        )
    if written.unseen:
        console.print(
            data(
                "  to correct in stack.yaml, `source`: name the repository with the Dockerfile of "
                f"{', '.join(written.unseen)}: none lies here"
            ),
            soft_wrap=True,
        )
    if written.needs_commit:
        console.print("  to do first: git add, git commit; a release builds a commit")
    if written.left_out:
        console.print(
            data(f"  not read by a release: {', '.join(written.left_out)}"), soft_wrap=True
        )


def _tell_taken(answers: Answers, console: Console) -> None:
    """What a person would have been asked."""
    if answers.asked:
        taken = ", ".join(f"--{one.option} {quote(one.found)}" for one in answers.asked)
        console.print(data(f"  taken as found, nobody was asked: {taken}"), soft_wrap=True)


def _tell_next(written: Written, console: Console, source: Brought | None) -> None:
    next_ = (
        f"adopt {written.stack} {source.places[-1].name} --plan-only"
        if source
        else f"release {written.stack} {written.newest or 'VERSION'} {written.first}"
    )
    console.print(data(f"Next: tidegate check, tidegate run, tidegate {next_}"), soft_wrap=True)
