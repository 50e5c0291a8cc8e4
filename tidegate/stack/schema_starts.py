"""Commands that move a schema, where a container is started by them: read in compose files,
Dockerfiles and what these lead to."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_S = r"[\s\",']+"
_OPTIONS = r"(?:[^;&|\n]{0,200}[\s\",'])?"
MOVES_SCHEMA = re.compile(
    rf"alembic{_S}{_OPTIONS}upgrade|flask{_S}{_OPTIONS}db{_S}upgrade|aerich{_S}upgrade|"
    rf"manage\.py{_S}migrate(?![^;&|\n]{{0,200}}--(?:check|plan)\b)|"
    rf"prisma{_S}(?:migrate{_S}deploy|db{_S}push)|drizzle-kit{_S}(?:migrate|push)|"
    rf"knex{_S}migrate:latest|"
    rf"(?:sequelize|sequelize-cli){_S}db:migrate(?!:)|typeorm\S*{_S}migration:run|"
    rf"(?:rails|rake){_S}db:(?:migrate(?!:)|prepare|schema:load|setup)|"
    rf"artisan{_S}migrate(?!:status)|"
    rf"doctrine:migrations:migrate|ecto\.migrate|diesel{_S}migration{_S}run|sqlx{_S}migrate{_S}run|"
    rf"(?<![\w-])(?:flyway|dbmate|goose|atlas){_S}{_OPTIONS}(?:migrate|up)\b|"
    rf"liquibase{_S}{_OPTIONS}update\b"
)
_CONTINUED = re.compile(r"\\[ \t]*\Z")
_COMMENT = re.compile(r"[ \t]*(?:#|//)")
_INSTRUCTION = re.compile(r"[ \t]*(FROM|CMD|ENTRYPOINT|COPY|ADD)[ \t]+(.*)", re.IGNORECASE)
_STAGE = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_WORD = re.compile(r"[^\s\"',;&|()\[\]]+")
_IF = re.compile(r"[ \t]*if[ \t]+(.*)")
_ELSE = re.compile(r"[ \t]*el(?:se|if)\b")
_FI = re.compile(r"(?:^|[;\s])fi[ \t]*(?:;|#|\Z)")
_ARGUMENTS = re.compile(r"\$\{?[@*1-9]")
_COMPARED = re.compile(r"=[ \t]*[\"']([^\"'$]+)[\"']")
_PACKAGE_SCRIPT = re.compile(rf"\b(?:npm|yarn|pnpm|bun){_S}(?:run{_S})?(?:-\S+{_S})*(\w[\w:.-]*)")


@dataclass(frozen=True)
class Start:
    """One line by which a container is started; `word` is CMD or ENTRYPOINT."""

    word: str
    line: int
    text: str


def starts_of(dockerfile: str, target: str = "") -> list[Start]:
    """ENTRYPOINT and CMD of its last stage, or of the one named `target`."""
    stages: dict[str, dict[str, Start]] = {}
    name = ""
    for line, word, rest in _instructions(dockerfile):
        if word == "FROM" and (found := _STAGE.match(rest)):
            if target and name == target.lower():
                break
            name = (found[2] or str(len(stages))).lower()
            stages[name] = dict(stages.get(found[1].lower(), {}))
        elif word in ("CMD", "ENTRYPOINT"):
            stages.setdefault(name, {})[word] = Start(word, line, rest)
    return [*stages.get(name, {}).values()]


def scripts_in(command: str, dockerfile: str = "") -> Iterator[str]:
    """Where a script that it names may lie in the build's context, the likeliest first: where the
    Dockerfile copies it from, and at the end of its own path."""
    copied = [
        source
        for _, word, rest in _instructions(dockerfile)
        if word in ("COPY", "ADD")
        for source in _WORD.findall(rest)[:-1]
    ]
    for path in _WORD.findall(command):
        name = posixpath.basename(path)
        if name and ("/" in path or name.endswith(".sh")):
            yield from (one for one in copied if posixpath.basename(one) == name)
            parts = [part for part in path.split("/") if part not in ("", ".", "..")]
            yield from ("/".join(parts[place:]) for place in range(len(parts)))


def moving_line(script: str, command: str) -> int | None:
    """The first line of it that moves a schema; None where none does, or only inside of an `if`
    that asks for another command than the one it is given, as the entrypoint of Rails does."""
    asked: list[bool] = []
    for number, line in enumerate(script.splitlines(), 1):
        if _COMMENT.match(line):
            continue
        if _ELSE.match(line) and asked:
            asked[-1] = True
        if found := _IF.match(line):
            asked.append(_may_be_so(found[1], command))
        if MOVES_SCHEMA.search(line) and all(asked):
            return number
        if _FI.search(line) and asked:
            asked.pop()
    return None


def _may_be_so(condition: str, command: str) -> bool:
    """False where it compares the arguments with a word that the command does not have."""
    if not _ARGUMENTS.search(condition) or "!" in condition:
        return True
    given = {*_WORD.findall(command)}
    ways = (_COMPARED.findall(way) for way in condition.split("||"))
    return any(given.issuperset(" ".join(words).split()) for words in ways)


def moving_package_line(command: str, package: str) -> int | None:
    """The line of package.json with the script that `npm start` and the like lead to, if it moves a
    schema."""
    try:
        scripts = json.loads(package).get("scripts", {})
    except (ValueError, AttributeError):
        return None
    for name in _scripts_run(command, scripts if isinstance(scripts, dict) else {}):
        if MOVES_SCHEMA.search(str(scripts[name])):
            lines = package.splitlines()
            return next((at for at, one in enumerate(lines, 1) if f'"{name}"' in one), 1)
    return None


def _scripts_run(command: str, scripts: Mapping[str, object]) -> list[str]:
    """Of package.json: those that it names, those that these name, and what runs before each."""
    found: list[str] = []
    waiting = _PACKAGE_SCRIPT.findall(command)
    while waiting:
        name = waiting.pop()
        new = [one for one in (f"pre{name}", name) if one in scripts and one not in found]
        found += new
        waiting += [more for one in new for more in _PACKAGE_SCRIPT.findall(str(scripts[one]))]
    return found


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Each with the line at which it begins, and with the lines by which it goes on."""
    begun, held = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if held and _COMMENT.match(line):
            continue
        begun, held = (begun, held) if held else (number, "")
        if _CONTINUED.search(line):
            held += _CONTINUED.sub(" ", line)
            continue
        if found := _INSTRUCTION.match(held + line):
            yield begun, found[1].upper(), found[2]
        held = ""
