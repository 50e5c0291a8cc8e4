"""`tidegate docs` shows what docs/ says, also where nobody has a clone."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from cli.manual import PAGES, show
from setup.docs_pages import ALSO
from setup.places import ROOT
from tidegate.errors import InputError

OURS = ("cli", "control", "flows", "tasks", "blocks", "tidegate")


def shown(page: str | None, *, is_terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=100)
    show(page, console)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_every_page_is_there_and_listed() -> None:
    """Under the names that they have on the site."""
    pages = {file.name: file.read_text() for file in (ROOT / "docs").glob("*.md")}
    pages |= {name: (ROOT / source).read_text() for source, name in ALSO.items()}
    assert {file.name: file.read_text() for file in PAGES.iterdir()} == pages
    assert re.findall(r"^tidegate docs (\S+)", shown(None), re.MULTILINE) == sorted(
        name.removesuffix(".md") for name in pages
    )


def test_a_page_is_itself_in_a_file_and_drawn_on_a_terminal() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    assert shown("settings") == f"{page}\n"
    assert "\x1b[" in shown("settings", is_terminal=True)


def test_a_page_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="Name one of blocks, changes"):
        show("nothing", Console(quiet=True))


def test_no_text_for_people_names_a_file_that_only_a_clone_has() -> None:
    found = [
        f"{file}: {line.strip()}"
        for folder in OURS
        for file in (ROOT / folder).rglob("*.py")
        for line in file.read_text().splitlines()
        if re.search(r"docs/[a-z-]+\.md", line)
    ]
    assert found == []
