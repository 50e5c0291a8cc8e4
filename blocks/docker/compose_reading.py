"""A team's compose files, read with every value put in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from blocks.docker.compose_command import ComposeCommand
from blocks.docker.compose_texts import as_written, reading
from tidegate.errors import ConfigError, StackFileError
from tidegate.facts import ComposeModel, Outcome
from tidegate.stack.env_files import TO_MEAN, given_own, missing_env_file, without_own
from tidegate.stack.unread import read_part, stand_ins_of
from tidegate.stack.variables import missing_in, variables_in

_NOT_SET = re.compile(r'\\?"(\w+)\\?" variable is not set')
_REQUIRED = re.compile(r"required variable (\w+) is missing a value")


@dataclass(frozen=True)
class ComposeReading:
    """Compose files and what they are read with. `own` are paths by which `env_file:` means
    `environment`.

    Services that are `left_out`, or of a profile that nobody asks for, need neither a value nor an
    env file.
    """

    command: ComposeCommand
    files: Sequence[Path]
    environment: Mapping[str, str]
    project: str
    own: Collection[str] = ()
    left_out: Collection[str] = ()

    def model(self) -> ComposeModel:
        """Raises StackFileError, and ConfigError for a variable that has neither a value nor a
        default."""
        outcome = self._plainly_read
        if outcome.exit_code != 0 or _without_value(outcome):
            missing, outcome = self._without_unread(outcome)
            if missing:
                raise ConfigError(
                    reading(self.files),
                    f"no value for {', '.join(sorted(missing))}",
                    "Set it in the env file; `$` itself is `$$`",
                )
        if outcome.exit_code != 0:
            file = missing_env_file(outcome.stderr, self.files[0].parent)
            said = f"`env_file: {file}` names a file that is not there" if file else ""
            raise StackFileError(
                reading(self.files),
                said or self.command.said(outcome),
                TO_MEAN.format(file=file) if file else "Correct the compose file",
            )
        if not self.own:
            return _model(outcome)
        return given_own(_model(outcome), self._written, self.own, self.environment)

    def missing(self) -> set[str]:
        """Names of the variables that must have a value and have none: of what is read, and of
        what Compose itself stumbles over, such as a text that a later file replaces. What it finds
        elsewhere, as in the `env_file` of an `include`, has one. Raises StackFileError."""
        needed = missing_in(self._part, self.environment)
        if needed and self._plainly_read.exit_code == 0:
            needed &= _without_value(self._plainly_read)
        if not self._without_any:
            return needed
        stand_ins = stand_ins_of(self._written, self._without_any)
        return needed | _without_value(self._read(stand_ins, self.left_out))

    def _without_unread(self, outcome: Outcome) -> tuple[set[str], Outcome]:
        """What is missing once what is not read is left aside, and the model then. It stays with
        `outcome` where Compose reads the files with values only: a schema allows few words.

        No stand-in comes into what is read: a name that stands there too, with a default, must have
        a value where the rest cannot be read without one.
        """
        try:
            missing = self.missing()
        except StackFileError:
            return _without_value(outcome), outcome
        if missing or outcome.exit_code == 0:
            return missing, outcome
        shared = self._without_any & {one.name for one in variables_in(self._part)}
        stand_ins = stand_ins_of(self._written, self._without_any - shared)
        outcome = self._read(stand_ins, self.left_out)
        if outcome.exit_code == 0:
            return set(), outcome
        return shared | {*_REQUIRED.findall(outcome.stderr)}, outcome

    @cached_property
    def _plainly_read(self) -> Outcome:
        return self._read()

    @cached_property
    def _without_any(self) -> set[str]:
        """Variables of the whole files that have no value."""
        return missing_in(self._written, self.environment)

    @cached_property
    def _part(self) -> ComposeModel:
        return read_part(self._written, self.left_out, self.environment)

    def _read(self, stand_ins: Mapping[str, str] = {}, unread: Collection[str] = ()) -> Outcome:
        """Without the env files of services that are `unread`."""
        over = ""
        if self.own or unread:
            over = without_own(self._written, self.own, self.environment, unread)
        return self.command.config(
            self.files,
            self.project,
            doing=reading(self.files),
            variables={"PWD": str(self.files[0].parent), **self.environment, **stand_ins},
            over=over.encode(),
        )

    @cached_property
    def _written(self) -> ComposeModel:
        return as_written(self.command, self.files, self.project)


def each_string(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with every string in it changed, keys apart."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: each_string(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [each_string(inner, change) for inner in value]
    return value


def _model(outcome: Outcome) -> ComposeModel:
    """`config` prints `$` as `$$`."""
    model: ComposeModel = each_string(
        json.loads(outcome.stdout), lambda text: text.replace("$$", "$")
    )
    return model


def _without_value(outcome: Outcome) -> set[str]:
    """Variables of which compose says so: all, or the first that the files call required."""
    return {*_NOT_SET.findall(outcome.stderr), *_REQUIRED.findall(outcome.stderr)}
