"""The pages for people as the tests of them read them: sections, tables, blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from setup.places import ROOT

PAGES = tuple(
    file.relative_to(ROOT).as_posix()
    for file in sorted(
        [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    )
)
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([^`]+)`", re.MULTILINE)


@dataclass(frozen=True)
class Fence:
    """A block of code: its language, such as `yaml` or nothing, and its lines."""

    language: str
    content: str


@cache
def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def sections(page: str) -> dict[str, str]:
    """Second-level heading, without its backticks -> what stands below it."""
    parts = re.split(r"^## ", text(page), flags=re.MULTILINE)[1:]
    return {part.split("\n", 1)[0].replace("`", "").split(" (")[0]: part for part in parts}


def in_tables(content: str) -> set[str]:
    """What stands in backticks at the beginning of a table's row."""
    return set(ROW.findall(content))


def without_fences(content: str) -> str:
    return FENCE.sub("", content)


def fences(content: str) -> Iterator[Fence]:
    return (Fence(found[2], found[3]) for found in FENCE.finditer(content))


def code_in(content: str) -> list[str]:
    """What stands in backticks inside of sentences and tables, each on one line."""
    parts = re.split(r"\n\s*\n|\n(?=\|)", without_fences(content))
    return [" ".join(code.split()) for part in parts for code in re.findall(r"`([^`]+)`", part)]


def make_words() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*##", text("Makefile"), re.MULTILINE))
