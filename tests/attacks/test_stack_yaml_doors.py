"""What a stack file may hold: each of these is one clear error with its line, and no other stack is
touched by it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.unit.test_stackfile import SAMPLE
from tidegate.errors import StackFileError
from tidegate.stack.file import load_stack

PROD = SAMPLE[SAMPLE.index("  prod:\n") :]


def load(folder: Path, content: str | bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "stack.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    load_stack(folder)


def refused(folder: Path, content: str | bytes) -> str:
    with pytest.raises(StackFileError) as error:
        load(folder, content)
    assert f"{folder.name}/stack.yaml" in error.value.doing
    assert len(str(error.value)) < 1000
    return error.value.came_back


def line_of(content: str, part: str) -> int:
    return content[: content.rindex(part)].count("\n") + 1


# --- a key that is written twice ---


@pytest.mark.parametrize(
    ("again", "key"),
    [
        (PROD, "prod"),
        (PROD.replace("prod:", '"prod":'), "prod"),
        (PROD.replace("prod:", "'prod' :"), "prod"),
        (PROD.replace("prod:", '"p\\u0072od":'), "prod"),
        (PROD.replace("prod:", "? prod\n  :"), "prod"),
        ("name: cloudlens\n", "name"),
        ("    approval: true\n    approval: false\n", "approval"),
        ("    secrets: {A: one, B: two, A: three}\n", "A"),
        ("    <<: {approval: true}\n    <<: {approval: false}\n", "<<"),
        ("    <<: [{approval: true}, {approval: false}]\n", "approval"),
        ("    <<: [{approval: true}, {<<: {approval: false}}]\n", "approval"),
    ],
    ids=range(11),
)
def test_a_key_that_is_written_twice_is_refused_with_both_lines(
    tmp_path: Path, again: str, key: str
) -> None:
    said = refused(tmp_path, SAMPLE + again)
    assert f"{key!r} is there twice, first on line " in said
    assert said.startswith("line ")


def test_the_line_of_the_second_and_of_the_first_one_are_named(tmp_path: Path) -> None:
    both = SAMPLE + PROD
    assert refused(tmp_path, both) == (
        f"line {line_of(both, '  prod:')}: 'prod' is there twice, first on line {line_of(SAMPLE, '  prod:')}"
    )


def test_what_a_merge_brings_may_be_replaced_once_because_it_is_made_for_that(
    tmp_path: Path,
) -> None:
    staging = PROD.replace("prod:", "staging: &staging").replace(
        "kind: production", "kind: staging"
    )
    own = "image_alias: stable, approval: true, after: staging, domains: [cloudlens.test]"
    text = SAMPLE.replace(PROD, f"{staging}  prod: {{<<: *staging, {own}}}\n")
    load(tmp_path, text)
    loaded = load_stack(tmp_path).environments
    assert (loaded["prod"].approval, loaded["prod"].image_alias, loaded["staging"].approval) == (
        True,
        "stable",
        False,
    )


# --- bounds ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: " + "[" * 3000 + "]" * 3000, "line 1: it is nested more than 20 deep"),
        ("a: " + "{b: " * 3000, "line 1: it is nested more than 20 deep"),
        (
            "\n".join(" " * depth + "a:" for depth in range(300)),
            "line 20: it is nested more than 20 deep",
        ),
        ("title: x\nport: " + "9" * 5000, "line 2: a number of more than 15 digits"),
        ("port: -" + "9" * 16, "line 1: a number of more than 15 digits"),
        ("port: 9" + "0" * 20 + ".5", "line 1: a number of more than 15 digits"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
                for before, name in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "line 4: it holds more than 5000 values",
        ),
        ("a: &a {b: *a}", "line 1: the alias *a stands inside what it names"),
        ("a: &a {<<: *a}", "line 1: the alias *a stands inside what it names"),
        ("a: &x 1\nb: &x 2", "line 2: it is not YAML: found duplicate anchor 'x'"),
        ("x: 1\ny: *nosuch", "line 2: it is not YAML: found undefined alias 'nosuch'"),
        ("name: a\n---\nname: b", "line 2: it is not YAML: expected a single document"),
        ("name: a\x00", "it is not YAML: unacceptable character #x0000"),
        ("name: a\ntitle: \x1b[31m", "it is not YAML: unacceptable character #x001b"),
        (
            "a: 1\nb: !!python/object/apply:os.system [id]",
            "line 2: the tag tag:yaml.org,2002:python/object/apply:os.system is",
        ),
        ("a: !!timestamp 2026-02-30", "line 1: the tag tag:yaml.org,2002:timestamp is not allowed"),
        ("1: x", "line 1: a key must be a text"),
        ("yes: x", "line 1: a key must be a text"),
        ("? [a]\n: x", "line 1: a key must be a text"),
        ("~: x", "line 1: a key must be a text"),
        ("a:\n\t- b", "line 2: "),
        ("a: [", "line 2: it is not YAML"),
    ],
    ids=range(22),
)
def test_what_no_stack_file_needs_is_one_error_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    assert refused(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: x\nb: \xff\xfe", "line 2: it is not UTF-8"),
        (SAMPLE.encode("utf-16"), "line 1: it is not UTF-8"),
        (b"# " + b"x" * (65 << 10), "it is larger than 64 KiB"),
    ],
)
def test_what_is_no_text_of_a_stack_file_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    assert refused(tmp_path, content) == said


def test_the_worst_file_that_is_read_at_all_takes_no_time_that_anybody_notices(
    tmp_path: Path,
) -> None:
    """No measure of this machine: a reader that is quadratic would need many minutes."""
    begun = time.process_time()
    for worst in (
        "- a\n" * (16 << 10),
        "a" * (63 << 10),
        "{" * (63 << 10),
        "&a " * (20 << 10),
        "? " * (30 << 10),
        '"' + "\\x41" * (15 << 10) + '"',
        "- - " * (15 << 10),
        "[" + "a," * (30 << 10),
    ):
        refused(tmp_path, worst)
    assert time.process_time() - begun < 60


def test_a_file_from_an_editor_that_writes_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    load(tmp_path, b"\xef\xbb\xbf" + SAMPLE.encode())


# --- texts stay texts ---


@pytest.mark.parametrize(
    "title",
    [
        "2026-02-30",
        "2026-02-03",
        "2026-02-03 10:00:00",
        "12:30",
        "1_000",
        "0x1F",
        "010",
        ".inf",
        "=",
        "1e5",
    ],
)
def test_a_text_that_looks_like_a_date_or_an_odd_number_stays_the_text_it_is(
    tmp_path: Path, title: str
) -> None:
    load(tmp_path, SAMPLE.replace("title: CloudLens", f"title: {title}"))
    assert load_stack(tmp_path).title == title


@pytest.mark.parametrize(
    "zone",
    [
        "Europe",
        "../etc/passwd",
        "/etc/localtime",
        "Asia/",
        "",
        "America/Argentina",
        "posix",
        "zone.tab",
        "a\\0b",
        "x" * 5000,
    ],
)
def test_a_time_zone_is_one(tmp_path: Path, zone: str) -> None:
    text = SAMPLE.replace("time_zone: Asia/Tokyo", f'time_zone: "{zone}"')
    assert refused(tmp_path, text).startswith("time_zone: must be a time zone such as Asia/Tokyo")


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("    approval_hours: 1.0e30\n", "environments.prod.approval_hours"),
        ('    approval_hours: "inf"\n', "environments.prod.approval_hours"),
        ('    approval_hours: "nan"\n', "environments.prod.approval_hours"),
        (f'    drain_seconds: "{"9" * 5000}"\n', "environments.prod.drain_seconds"),
        ("    drain_seconds: 999999999999999\n", "environments.prod.drain_seconds"),
        ("smoke_repeat_seconds: 999999999999\n", "smoke_repeat_seconds"),
        ("watch: {seconds: 999999999999}\n", "watch.seconds"),
        ('watch: {p95_seconds: ".inf"}\n', "watch.p95_seconds"),
        ('watch: {p95_seconds: "inf"}\n', "watch.p95_seconds"),
    ],
)
def test_a_number_that_no_clock_can_hold_is_refused_where_it_stands(
    tmp_path: Path, part: str, path: str
) -> None:
    assert refused(tmp_path, SAMPLE + part).startswith(f"{path}: ")
