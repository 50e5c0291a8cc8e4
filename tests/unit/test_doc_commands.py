"""Every command that a page or a text of ours tells people to type is one that the programs take."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise

import pytest
import typer

from cli.main import app
from setup.places import ROOT
from tests.unit.documents import PAGES, code_in, fences, make_words, sections, text
from tests.unit.source_files import found_in, ours, tree
from tests.unit.test_docs import flows

PROGRAM = typer.main.get_command(app)
TYPED = re.compile(r"(?:\$ )?(?:\.venv/bin/)?((?:tidegate|make|prefect|python3?) .*)")
SHELLS = ("", "console", "bash", "sh")
REMARK = re.compile(r"\s{2,}|\s#\s")
AFTER = (">", "|", "&&", ";")


def typed(code: str) -> list[list[str]]:
    """The commands in a piece of code, as words; a placeholder in brackets, which may be left out,
    is there."""
    found = map(TYPED.match, re.sub(r"\s*\\\n\s*", " ", code).splitlines())
    return [_first_command(REMARK.split(line[1])[0]) for line in found if line]


def _first_command(line: str) -> list[str]:
    words = [word.strip("[]") for word in shlex.split(line)]
    ends = [words.index(mark) for mark in AFTER if mark in words]
    return words[: min(ends, default=len(words))]


def commands_of(page: str) -> list[list[str]]:
    blocks = [fence.content for fence in fences(text(page)) if fence.language in SHELLS]
    return [words for code in (*code_in(text(page)), *blocks) for words in typed(code)]


def complaint(words: list[str]) -> str | None:
    """What the program itself says of the words behind its name; a name alone speaks of a command,
    and nobody is told to type it so."""
    program, *words = words
    if program == "make":
        targets = {word for word in words if "=" not in word}
        return None if targets <= make_words() else "the Makefile has no such word"
    if program == "tidegate":
        return of_tidegate(words)
    return of_prefect(words) if program == "prefect" else of_python(words)


def of_tidegate(words: list[str]) -> str | None:
    command = PROGRAM
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name, *words = words
        if name not in command.commands:
            return f"there is no command {name}"
        command = command.commands[name]
    if hasattr(command, "commands"):
        return None if {*words} <= {*options_of(command), "--help"} else "there is no such option"
    return refusal(command, words) if words else None


def options_of(command: object) -> set[str]:
    return {option for one in command.params for option in one.opts}  # type: ignore[attr-defined]


def refusal(command: object, words: list[str]) -> str | None:
    """Parses as the program does, and starts nothing."""
    try:
        command.make_context("tidegate", list(words))  # type: ignore[attr-defined]
    except Exception as error:
        return str(error) or type(error).__name__
    return None


def of_prefect(words: list[str]) -> str | None:
    """A run of a deployment, with parameters that its flow has."""
    if words[:2] != ["deployment", "run"] or "/" not in " ".join(words[2:3]):
        return None
    known = {name.replace("_", "-"): flow.parameters.properties for name, flow in flows().items()}
    flow = words[2].partition("/")[0]
    given = [word.partition("=")[0] for mark, word in pairwise(words) if mark == "-p"]
    if flow not in known:
        return f"there is no flow {flow}"
    return None if set(given) <= set(known[flow]) else f"{flow} takes {', '.join(known[flow])}"


def of_python(words: list[str]) -> str | None:
    """`python -m MODULE`, and paths of the repository behind it."""
    missing = [word for word in words if word.startswith("tests/") and not (ROOT / word).exists()]
    if words[:1] == ["-m"] and find_spec(words[1]) is None:
        missing.append(words[1])
    return f"there is no {', '.join(missing)}" if missing else None


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_taken(page: str) -> None:
    found = {shlex.join(words): complaint(words) for words in commands_of(page)}
    assert {command: said for command, said in found.items() if said} == {}


def test_the_pages_tell_people_to_type_something() -> None:
    found = [words for page in PAGES for words in commands_of(page)]
    assert {words[0] for words in found} >= {"tidegate", "make", "prefect", "python"}
    assert len(found) > 100


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tidegate relase shop v1.0.0", "no command"),
        ("tidegate release shop v1.0.0 --plan", "--plan"),
        ("tidegate release shop", "version"),
        ("tidegate edge remove", "no command"),
        ("tidegate --verbose", "no such option"),
        ("tidegate history shop --limit many", "integer"),
        ("make everything", "no such word"),
        ("prefect deployment run relase/prod -p stack=shop", "no flow"),
        ("prefect deployment run release/prod -p stak=shop", "takes"),
        ("python -m pytest tests/unit/test_nothing.py", "test_nothing"),
        ("python -m tidegat", "tidegat"),
    ],
)
def test_a_command_that_there_is_not_is_found(line: str, said: str) -> None:
    [words] = typed(line)
    assert said in (complaint(words) or "")


def test_commands_are_found_in_sentences_tables_and_blocks() -> None:
    assert typed(
        "$ tidegate schema > x.json\nnothing\n.venv/bin/tidegate check [STACK] # a remark"
    ) == [
        ["tidegate", "schema"],
        ["tidegate", "check", "STACK"],
    ]
    assert code_in("Say `tidegate\nrun`.\n\n| `make a` | `b` |\n```\n`c`\n```\n") == [
        "tidegate run",
        "make a",
        "b",
    ]


def texts_in(module: ast.AST) -> Iterator[str]:
    """All texts of the code; `X` stands for what a program puts in."""
    made = [node for node in ast.walk(module) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for one in made for part in one.values}
    for one in made:
        yield "".join(map(_fixed, one.values))
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def _fixed(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "X"


def wrong_commands(module: ast.AST) -> list[str]:
    return [
        f"{shlex.join(words)}: {said}"
        for told in texts_in(module)
        for code in code_in(told)
        for words in typed(code)
        if "--help" not in words and (said := complaint(words))
    ]


def test_every_command_that_our_texts_tell_people_to_type_is_taken() -> None:
    assert found_in(ours(), lambda path: wrong_commands(tree(path))) == {}


def test_a_wrong_command_in_a_text_is_found() -> None:
    module = ast.parse('refuse(f"Type `tidegate relase {stack} {version}`, or `tidegate run`")')
    assert wrong_commands(module) == ["tidegate relase X X: there is no command relase"]


def test_every_option_that_is_explained_belongs_to_the_command_of_its_row() -> None:
    rows = re.findall(r"^\| (`tidegate .*?) \| (.*) \|$", text("docs/operations.md"), re.MULTILINE)
    assert len(rows) > 15
    unknown = {
        first: sorted(named - known)
        for first, said in rows
        if (named := set(re.findall(r"`(--[a-z-]+)", said)))
        - (known := set().union(*(options_of(command_of(words)) for words in typed_in(first))))
    }
    assert unknown == {}
    assert "The command line" in sections("docs/operations.md")


def typed_in(cell: str) -> list[list[str]]:
    return [words for code in code_in(cell) for words in typed(code)]


def command_of(words: list[str]) -> object:
    command: object = PROGRAM
    for word in words[1:]:
        command = getattr(command, "commands", {}).get(word, command)
    return command
