"""Issue 8, entry 9: texts from outside are data, in the stack file, on a page, in a message and at
a terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from setup.places import ROOT
from tidegate.errors import StackFileError, TidegateError
from tidegate.secrecy.outside_text import MOST_TEXT, clean, one_line
from tidegate.stack.file import load_stack
from tidegate.stack.formats import repository_fault
from tidegate.stack.services import Service

SAMPLE: Any = yaml.safe_load(
    (ROOT / "stacks" / "cloudlens" / "stack.yaml").read_text(encoding="utf-8")
)


def put(content: Any, path: str, value: object) -> Any:
    """`content` with `value` at a path such as `environments.prod.domains.0`."""
    copied = yaml.safe_load(yaml.safe_dump(content))
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = copied
    for part in parents:
        place = place[part]
    place[last] = value
    return copied


def written(folder: Path, content: object) -> Path:
    (folder / "stack.yaml").write_text(
        yaml.safe_dump(content, allow_unicode=True), encoding="utf-8"
    )
    return folder


# --- the stack file ---

REFUSED: dict[str, list[Any]] = {
    "services.0.ready_path": [
        "/ready\n# fence: 99999",
        "/ready#x",
        "/a b",
        "//evil.example.com/x",
        "ready",
        "/ready\n",
        "/`x`",
    ],
    "services.0.image": [
        "C-WEB/APP x",
        "acme/shop:latest",
        "acme/shop@sha256:00",
        "acme/../shop",
        "-x",
        "a\n",
        "a" * 300,
    ],
    "services.0.name": ["backend\n", "back end", "a/b"],
    "environments.prod.domains.0": [
        "a.localhost\n",
        "a.localhost`) || Host(`b",
        "a_b.test",
        "",
        "a..b",
        "-a.test",
    ],
    "environments.prod.compose_files.0": [
        "../../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "-f",
        "~/x",
        "a\nb",
        "",
    ],
    "environments.prod.env_file": ["/etc/shadow", "../.env", ".env\n"],
    "environments.prod.image_alias": ["latest x", "a/b", "", "latest\n"],
    "environments.prod.host": ["local\n", "../local", "Local"],
    "source.dockerfile": [
        "../../../etc/passwd",
        "/etc/passwd",
        "a/../../Dockerfile",
        "Dockerfile\n",
        "",
    ],
    "source.context": ["/etc", "..", "a/..", "c:\\x"],
    "source.branch": ["-x", "a b", "main\n", "a..b", "main.lock", "a//b", "x^", "@{-1}", ""],
    "source.repository": [
        "ext::sh -c id",
        "-u",
        "file:///x y",
        "https://h/x\n",
        "",
        "gopher://h/x",
        "\u202ehttps://h/x",
    ],
    "smoke.0.path": ["//evil.example.com/", "/x\nHost: y", "x", "/a b"],
    "smoke.0.name": ["", "a\x1b[31mb", "a\nb", "\u202ex", "n" * 101],
    "title": ["a\x1b[31mb", "a\nb", "", "\u202ex", "\x9bx"],
    "migrations.0.directory": ["app", "/app\n", "/app/../../x"],
    "state.volumes": [["../x"], ["a b"], ["a\n"]],
    "notify": [["Chat x"], ["a\n"]],
}


@pytest.mark.parametrize(
    ("path", "value"), [(path, value) for path, values in REFUSED.items() for value in values]
)
def test_what_is_no_such_name_path_or_address_is_refused_where_it_stands(
    tmp_path: Path, path: str, value: object
) -> None:
    with pytest.raises(StackFileError) as refused:
        load_stack(written(tmp_path, put(SAMPLE, path, value)))
    assert re.sub(r"\[(\d+)\]", r".\1", refused.value.came_back).startswith(path)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", str(refused.value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("services.0.image", "registry.example.com:5000/acme/shop__web"),
        ("services.0.image", "shop"),
        ("services.0.ready_path", "/"),
        ("services.0.ready_path", "/api/health?deep=1"),
        ("smoke.0.path", "/商品"),
        ("environments.prod.compose_files.0", "deploy/compose.prod.yml"),
        ("environments.prod.env_file", ".env.prod"),
        ("source.context", "."),
        ("source.context", "./web"),
        ("source.branch", "release/2026-11"),
        ("source.branch", "功能"),
        ("source.repository", "git@git.example.com:acme/shop.git"),
        ("source.repository", "ssh://git@git.example.com:22/a/b.git"),
        ("source.repository", "https://git.example.com/acme/shop.git"),
        ("source.repository", "../shop"),
        ("title", "商店 (beta)"),
        ("smoke.0.contains", "two\nlines"),
    ],
)
def test_what_teams_ordinarily_write_is_taken(tmp_path: Path, path: str, value: object) -> None:
    load_stack(written(tmp_path, put(SAMPLE, path, value)))


@pytest.mark.parametrize(
    "address",
    [
        "https://ghp_16C7e42F292c6912E7710c@git.example.com/a.git",
        "https://me:hunter22hunter@git.example.com/a.git",
        "HTTPS://me:hunter22hunter@git.example.com/a.git",
        "https://git.example.com/a.git?private_token=hunter22hunter",
        "https://git.example.com/a.git#hunter22hunter",
        "ssh://git:hunter22hunter@git.example.com/a.git",
    ],
)
def test_a_credential_in_the_repository_s_address_is_refused_and_not_shown(
    tmp_path: Path, address: str
) -> None:
    with pytest.raises(StackFileError, match=r"source\.repository: holds a credential") as refused:
        load_stack(written(tmp_path, put(SAMPLE, "source.repository", address)))
    assert "hunter22" not in str(refused.value)
    assert "ghp_" not in str(refused.value)


@given(st.text(max_size=40))
def test_no_text_of_a_stack_file_brings_a_control_character_in(text: str) -> None:
    assert repository_fault(text) or not re.search(r"[\x00-\x1f\x7f-\x9f]", text)
    try:
        service = Service(name="web", image="a/b", port=1, ready_path=text)
    except ValueError:
        return
    assert re.fullmatch(r"/[^\s#\x00-\x1f\x7f-\x9f]*", str(service.ready_path))


# --- cleaned where it comes in ---

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jgone", "gone"),
        ("bell\x07", "bell␇"),
        ("a\x00b", "a␀b"),
        ("user\u202egpj.exe", "user\ufffdgpj.exe"),
        ("a\u200bb", "a\ufffdb"),
        ("half\ud800", "half\ufffd"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("\x1bc", ""),
        ("emoji 👩‍🚀", "emoji 👩‍🚀"),
    ],
)
def test_an_escape_sequence_or_an_unseen_character_is_removed_or_made_visible(
    text: str, shown: str
) -> None:
    assert clean(text) == shown


@given(st.text(st.characters(codec=None), max_size=300))
def test_of_any_text_nothing_unseen_remains_and_it_can_be_written_to_a_file(text: str) -> None:
    assert not UNSEEN.search(clean(text))
    assert "\n" not in one_line(text)
    clean(text).encode()
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize("size", [500, 8_000, 200_000])
def test_a_text_that_nobody_would_read_to_its_end_is_bounded_with_a_mark(size: int) -> None:
    assert one_line("long " * size).endswith("…")
    assert len(one_line("x" * size + "y")) <= 500
    assert len(clean("x" * size)) <= MOST_TEXT


def test_an_error_quotes_other_programs_as_data() -> None:
    error = TidegateError("reading \x1b[31mshop", "it said\x07 " + "x" * 200_000, "Look\u202e")
    assert not UNSEEN.search(str(error))
    assert len(str(error)) < 3 * MOST_TEXT
