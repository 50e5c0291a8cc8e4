"""Reads compose files without values where Compose alone takes no variable: see
`tidegate.stack.few_words`. They are copied into a folder that is gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from blocks.docker.compose_command import ComposeCommand
from tidegate.errors import StackFileError
from tidegate.facts import Outcome
from tidegate.stack.few_words import FewWords


def read_few_words(
    command: ComposeCommand,
    files: Sequence[Path],
    project: str,
    options: Sequence[str],
    values: Mapping[str, str],
    doing: str,
) -> Outcome | None:
    """What Compose says of the changed files, as of the team's own; None where nothing is to be
    changed. Raises StackFileError where a variable without a value names a further file."""
    with tempfile.TemporaryDirectory(prefix="tidegate-compose-") as made:
        root = str(Path(made).resolve())
        whole = [file.absolute() for file in files]
        named = [(str(file), str(whole[0].parent)) for file in whole]
        try:
            words = list(_copied(named, values, root))
        except (yaml.YAMLError, RecursionError):
            return None
        if unknown := [text for one in words for text in one.unknown]:
            raise StackFileError(
                doing,
                f"`{unknown[0]}` names a file or a service to read, and has no value",
                "Set it in the env file, or give it a default: `${NAME:-compose.db.yaml}`",
            )
        if not any(one.is_changed for one in words):
            return None
        copies = [Path(f"{root}{file}") for file in whole]
        outcome = command.config(copies, project, *options, doing=doing)
        own = outcome.stdout.replace(root, ""), outcome.stderr.replace(root, "")
        return replace(outcome, stdout=own[0], stderr=own[1])


def _copied(
    files: Sequence[tuple[str, str]], values: Mapping[str, str], root: str
) -> Iterator[FewWords]:
    """Each of them, and of those that they name. Raises yaml.YAMLError."""
    left, seen = [*files], set[tuple[str, str]]()
    while left:
        path, folder = one = left.pop()
        if one in seen or not Path(path).is_file():
            continue
        seen.add(one)
        words = FewWords(folder, values, root)
        _write(path, words.rewritten(Path(path).read_bytes()), root)
        for named in words.folders:
            Path(f"{root}{named}").mkdir(parents=True, exist_ok=True)
        for env_file in filter(os.path.isfile, words.env_files):
            _write(env_file, "", root)
        left += words.further
        yield words


def _write(path: str, text: str, root: str) -> None:
    copy = Path(f"{root}{path}")
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text, encoding="utf-8")
