"""A tool that the team describes in its stack file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blocks.migrators.command.tool import Argv, Image, Tool
from tidegate.schema.changes import SqlSource
from tidegate.stack.migrations import NAME, STATE, CommandMigration

_UNTOLD = "the stack file says no command that prints its SQL (`{key}`)"


def declared(spec: CommandMigration) -> Tool:
    def contents(image: Image, applied: Sequence[str]) -> list[SqlSource]:
        names = [line.strip() for line in image.ask(spec.has).stdout.splitlines() if line.strip()]
        return [_source(spec, image, name, is_pending=name not in applied) for name in names]

    def down(undone: Sequence[str], kept: Sequence[str], state: str) -> Iterable[Argv]:
        if any(NAME in word for word in spec.down or ()):
            return [_filled(spec.down or (), NAME, name) for name in reversed(undone)]
        return [_filled(spec.down or (), STATE, state)]

    return Tool(
        contents,
        spec.state,
        spec.up,
        down if spec.down else None,
        replaces=spec.replaces,
        adopt="Have the tool write down what the database has, so that `state` finds it",
    )


def _source(spec: CommandMigration, image: Image, name: str, *, is_pending: bool) -> SqlSource:
    if spec.sql is None or not is_pending:
        return SqlSource(name, "", None, why=_UNTOLD.format(key="sql"))
    return SqlSource(
        name,
        "",
        _sql(spec.sql, image, name),
        _sql(spec.sql_down, image, name) if spec.sql_down else None,
        down_why=_UNTOLD.format(key="sql_down") if spec.down and not spec.sql_down else "",
    )


def _sql(command: Argv, image: Image, name: str) -> str:
    return image.ask(_filled(command, NAME, name)).stdout


def _filled(command: Argv, mark: str, value: str) -> Argv:
    return tuple(word.replace(mark, value) for word in command)
