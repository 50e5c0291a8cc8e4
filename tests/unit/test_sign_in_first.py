"""Prefect's page takes our script. That it asks in time is shown by
tests/attacks/test_pages_of_others.py in a browser."""

from __future__ import annotations

from pathlib import Path

import prefect

from cli.sign_in_first import SCRIPT, SCRIPT_NAME, TAG, ask_before_pages


def test_prefects_own_page_gets_the_script_once_before_all_others(tmp_path: Path) -> None:
    index = tmp_path / "index.html"
    index.write_text((prefect.__ui_static_path__ / "index.html").read_text())
    for _ in range(2):
        ask_before_pages(tmp_path)
    page = index.read_text()
    assert page.count(TAG) == 1
    assert page.index("<script") == page.index(TAG) + len("<head>")
    assert (tmp_path / SCRIPT_NAME).read_text() == SCRIPT


def test_a_server_without_pages_is_left_as_it_is(tmp_path: Path) -> None:
    ask_before_pages(tmp_path)
    assert [*tmp_path.iterdir()] == []
