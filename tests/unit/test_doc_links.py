"""Every link of the documents leads somewhere, and the README leads to every page."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from setup import docs_pages
from setup.places import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


# --- links ---


def targets(page: Path) -> list[str]:
    without_code = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [target for target in LINK.findall(without_code) if "://" not in target]


def broken(page: Path) -> list[str]:
    return [target for target in targets(page) if not _leads_somewhere(page, target)]


def _leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = unquote(target).partition("#")
    file = page.parent / path if path else page
    return file.exists() and (
        not anchor or anchor in docs_pages.anchors(file.read_text(encoding="utf-8"))
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# A title\n[a](#a-title) [b](#no-title) [c](b.md) ![d](a.md) [e](https://example.com)"
    )
    assert broken(page) == ["#no-title", "b.md"]


def test_a_repeated_heading_has_a_number_and_a_comment_in_code_is_none(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# Twice\n## Twice\n### Twice 2\n```\n# in code\n```\n# Twice\n"
        "[a](#twice) [b](#twice-1) [c](#twice-2) [d](#twice-3) [e](#twice-4) [f](#in-code)"
    )
    assert broken(page) == ["#twice-4", "#in-code"]


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {target.partition("#")[0] for target in targets(ROOT / "README.md")}
    assert {f"docs/{page.name}" for page in DOCS.glob("*.md")} - linked == set()
