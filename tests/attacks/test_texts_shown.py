"""Issue 8, entry 9, the other end: a text from outside is shown as what it is in a chat, at a
terminal, in a log, and is masked before it is cut."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from cli.history import table
from cli.shown import data
from cli.typed import console, show_json
from flows.parameters import BackupName, EventText, Person, Reason, VersionName
from setup.places import ROOT
from tasks.people.forms import ACCEPTANCE, RESTORE
from tests.unit.plans import COMMIT
from tidegate.errors import TidegateError
from tidegate.schema.sql_effect import not_understood
from tidegate.secrecy import redaction
from tidegate.secrecy.outside_text import (
    chat_text,
    clean,
    clean_end,
    last_lines,
    one_line,
    shortened,
)
from tidegate.secrecy.safe_logs import guard_logs
from tidegate.stack.checks import Answer, evaluate
from tidegate.stack.showing import SmokeCheck
from tidegate.versions import Version

SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def _a_secret_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_PROCESS", redaction.Redactor({"DB_PASSWORD": SECRET}))


# --- in a chat ---


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> look", "&lt;!channel&gt; look"),
        ("<http://evil|bank>", "&lt;http://evil|bank&gt;"),
        ("R&D", "R&amp;D"),
        ("@all [x](http://evil)", "@\u2060all [x]\u2060(http://evil)"),
    ],
)
def test_a_text_in_a_chat_calls_nobody_and_hides_no_address(text: str, shown: str) -> None:
    assert chat_text(text) == shown


# --- at a terminal ---


def printed(*things: object) -> str:
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=False).print(*things, soft_wrap=True)
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    ["pattern '^{0,30}$'", "[red]x[/red]", ":warning: x", "[/]", "[link=http://evil]x[/link]"],
)
def test_a_terminal_shows_a_text_as_it_is(text: str) -> None:
    assert printed(data(text)) == f"{text}\n"


def test_the_history_obeys_no_escape_sequence() -> None:
    bad = "\x1b]0;owned\x07\x1b[2Jgone\x9b31m\u202e[red]"
    row = {
        "number": 1,
        "version": bad,
        "kind": "release",
        "state": "failed",
        "reason": bad + "x" * 200_000,
        "requested_by": bad,
        "approved_by": bad,
        "same_person": False,
        "switched_at": None,
        "time_zone": "UTC",
        "traffic": None,
    }
    shown = printed(table([row], bad, "prod"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert "[red]" in shown
    assert len(shown) < 10_000


def test_what_programs_read_obeys_no_escape_sequence_either(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = "\x1b]0;owned\x07gone\x9b31m\u202e"
    console.cache_clear()
    show_json({"reason": bad})
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert "\x1b" not in shown
    assert json.loads(shown) == {"reason": bad}


def test_every_command_shows_json_by_the_one_function() -> None:
    found = {
        path.name for path in Path(ROOT, "cli").rglob("*.py") if "print_json(" in path.read_text()
    }
    assert found == {"typed.py"}


# --- masked before it is cut ---

CUTS = {
    "one_line": lambda text: one_line(text, 80),
    "shortened": lambda text: shortened(text, 80),
    "clean_end": lambda text: clean_end(text, 80),
    "last_lines": lambda text: "".join(last_lines(text, 2)),
    "effects": lambda text: not_understood(text).what,
    "error": lambda text: TidegateError(text, text, text).came_back,
    "smoke": lambda text: (
        evaluate(
            SmokeCheck(name="a", status=200),
            Answer(status=500, body=text.encode()),
            Version("v1.0.0", COMMIT),
        ).detail
    ),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=list(CUTS))
@pytest.mark.parametrize("lead", range(30, 85))
def test_a_secret_that_lies_on_a_cut_leaves_nothing_of_it(cut: object, lead: int) -> None:
    assert callable(cut)
    for text in (
        "x" * lead + f" {SECRET} and more of it",
        f"and more of it {SECRET} " + "x" * lead,
    ):
        shown = cut(text)
        assert not any(SECRET[start : start + 5] in shown for start in range(len(SECRET) - 4)), (
            shown
        )


PRINTABLE = st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=["C", "Z"])


@given(
    before=st.text(max_size=60),
    secret=st.text(PRINTABLE, min_size=12, max_size=60),
    after=st.text(max_size=60),
    most=st.integers(0, 150),
)
def test_no_cut_at_any_place_leaves_a_piece_of_any_secret(
    before: str, secret: str, after: str, most: int
) -> None:
    pieces = {secret[start : start + 5] for start in range(len(secret) - 4)}
    assume(not any(piece in f"{before} {after}" for piece in pieces) and "*" not in secret)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            redaction, "_PROCESS", redaction.Redactor({"ANY": secret}, secret_keys=["ANY"])
        )
        for cut in (one_line, shortened, clean, clean_end):
            shown = cut(f"{before} {secret} {after}", most)
            assert len(shown) <= max(most, 1)
            assert not any(piece in shown for piece in pieces)


# --- in a log ---


def test_logs_and_tracebacks_hide_what_this_process_knows() -> None:
    made, out = logging.getLogRecordFactory(), io.StringIO()
    logger, handler = logging.getLogger("a library"), logging.StreamHandler(out)
    logger.addHandler(handler)
    try:
        guard_logs()
        guard_logs()
        logger.warning("refused %s for %s\x1b[31m", SECRET, {"password": SECRET})
        try:
            raise ValueError(f"no login with {SECRET}")
        except ValueError:
            logger.exception("it failed")
    finally:
        logger.removeHandler(handler)
        logging.setLogRecordFactory(made)
    assert SECRET not in out.getvalue()
    assert "\x1b" not in out.getvalue()
    assert "refused *** for" in out.getvalue()
    assert "ValueError: no login with ***" in out.getvalue()


# --- at the door ---


@pytest.mark.parametrize("kind", [Reason, EventText, Person, VersionName, BackupName])
@pytest.mark.parametrize(
    "text", ["ab\x1b[31m", "ab\ncd", "ab\n", "ab\u202ecd", "ab\x9b", "x" * 200_000]
)
def test_a_parameter_with_a_control_character_or_without_end_is_refused(
    kind: Any, text: str
) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize("form", [*ACCEPTANCE.values(), *RESTORE.values()])
def test_a_form_takes_no_book_for_a_reason_and_no_control_character_in_a_name(form: type) -> None:
    good = {"decision": "reject", "approver": "Mei 李", "reason": "two\nlines"}
    form(**good)
    for bad in ({"reason": "x" * 200_000}, {"approver": "Mei\x1b[31m"}, {"approver": "x" * 101}):
        with pytest.raises(ValidationError):
            form(**(good | bad))
