"""Issue 8, entry 9, the other end: a text from outside is shown on a page as what it is."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.unit.plans import AT, COMMIT, a_plan, schema_change
from tidegate.facts import CheckResult
from tidegate.pages.messages import release_record
from tidegate.pages.stages import evidence_page, plan_page
from tidegate.secrecy import redaction
from tidegate.secrecy.outside_text import code_block, markdown_text
from tidegate.stack.environments import Place
from tidegate.versions import MAIN

SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def _a_secret_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_PROCESS", redaction.Redactor({"DB_PASSWORD": SECRET}))


READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ACTIVE = {
    "link_open",
    "image",
    "html_inline",
    "html_block",
    "heading_open",
    "hr",
    "em_open",
    "strong_open",
    "s_open",
    "code_inline",
    "fence",
    "code_block",
    "blockquote_open",
    "ordered_list_open",
    "table_open",
    "hardbreak",
    "softbreak",
}
AUTOMATIC = re.compile(
    r"https?://|www\.|mailto:\w|\w@\w", re.IGNORECASE
)  # what readers make a link of by themselves


def tokens(page: str) -> Iterator[Token]:
    for token in READER.parse(page):
        yield token
        yield from token.children or ()


def kinds(page: str) -> set[str]:
    return {token.type for token in tokens(page)} & ACTIVE


def read(page: str) -> str:
    return "".join(token.content for token in tokens(page) if token.type == "text")


HOSTILE = [
    "[x](javascript:alert(1))",
    "![x](http://evil.example.com/p.png)",
    "<img src=x onerror=alert(1)>",
    "# heading",
    "1. one",
    "- item",
    "> quote",
    "a | b",
    "`code`",
    "**bold** _em_ ~~s~~",
    "&lt;b&gt;",
    "<https://evil.example.com>",
    "---",
    "===",
    "    code",
    "```\nfence",
    "[x]: http://evil.example.com",
    "[^1]: note",
    "\\[x](y)",
    "\\",
    "www.evil.example.com",
    "https://evil.example.com",
    "me@evil.example.com",
    "+ item",
    "* item",
    "![",
    "a  \nb",
    "<!-- ",
    "| a |\n|---|",
    "<!channel>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_on_a_page_is_data(text: str) -> None:
    for page in (
        f"- {markdown_text(text)} (sha)",
        markdown_text(text),
        f"before {markdown_text(text)} after",
    ):
        assert kinds(page) == set(), page
        assert not AUTOMATIC.search(read(page))
    assert read(markdown_text(text)).replace("\u2060", "").split() == text.split()


@given(
    st.text(
        st.sampled_from(string.punctuation + "ab1 \n\t") | st.characters(codec="utf-8"), max_size=60
    )
)
def test_no_text_becomes_active_on_a_page(text: str) -> None:
    assert kinds(f"- {markdown_text(text)} end") == set()
    row = f"| a | b |\n|---|---|\n| {markdown_text(text)} | end |"
    assert [token.type for token in tokens(row)].count("td_open") == 2
    assert kinds(code_block(text, "sql")) <= {"fence"}
    assert len(READER.parse(code_block(text, "sql"))) == 1


def test_the_evidence_page_shows_what_others_wrote_as_data() -> None:
    hostile = replace(
        COMMIT, subject="[x](javascript:alert(1))", author="![i](http://evil.example.com/i.png)"
    )
    change = schema_change("lossy")
    revision = replace(change.revisions[0], message="# <b>x</b>", reasons=("drops [x](y)",))
    plan = replace(
        a_plan(),
        staged=None,
        commits={MAIN: (hostile,)},
        preflight=(CheckResult("<i>a</i>", "fail", "![p](q) " + SECRET, 1.0),),
        schema=(
            replace(
                change, revisions=(revision,), upgrade_sql="SELECT 1;\n```\n# [x](javascript:y)\n"
            ),
        ),
    )
    shown_with: dict[str, Any] = {
        "now": AT,
        "expires": AT + timedelta(hours=1),
        "time_zone": "UTC",
        "backup": None,
    }
    plain = evidence_page(replace(a_plan(), staged=None), "en", requested_by="mei", **shown_with)
    page = evidence_page(
        plan, "en", requested_by="![me](http://evil.example.com/m.png)", **shown_with
    )
    for shown in (page, plan_page(plan, "en")):
        assert {token.type for token in tokens(shown)} & {
            "link_open",
            "image",
            "html_inline",
            "html_block",
        } == set()
        assert SECRET not in shown
    assert [token.type for token in READER.parse(page)].count("heading_open") == [
        token.type for token in READER.parse(plain)
    ].count("heading_open")


def test_the_release_record_shows_what_others_wrote_as_data() -> None:
    record = release_record(
        "en",
        title="<b>Shop</b>",
        version="v1",
        place=Place("prod"),
        staged=None,
        released_by="[me](javascript:x)",
        released_at=AT,
        time_zone="UTC",
        changes=["![x](y)"],
        approved_by="<i>Mei</i>",
    )
    assert kinds(record) & {"link_open", "image", "html_inline", "html_block"} == set()
