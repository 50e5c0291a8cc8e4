"""One meaning of an env file: the one that the real compose gives to `env_file:`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tidegate.stack.envfile import read_env_as_far

COMPOSE = Compose(DockerHost())
READ_ALIKE = [
    "A=b",
    "A = b ",
    "export A=b",
    "A=",
    'A=""',
    "A='pa$word'",
    "A=a$$b",
    'A="a$$b"',
    "A=pa$",
    "A=a$1b",
    "A=$(x)",
    "A=a #c",
    "A=a#c",
    'A="a" # c',
    "A='a'#c",
    "A= #c",
    "A=   # c",
    "A=a\t# c",
    "A=#x",
    "A=it's",
    'A=x"y"',
    'A=a "b" c',
    'A="it\'s"',
    'A={"a": "b"}',
    "A=b\tc",
    "A=b\u00a0",
    "A=中文 字",
    "A=a\\nb\\\\c",
    "A=C:\\dir\\new",
    'A="C:\\dir\\new"',
    "A='C:\\dir\\new'",
    'A="a\\nb\\tc\\\\d\\"e\\$f"',
    "A='a\\'b\\\\c\\nd'",
    'A="a\\\\nb"',
    'A="a\\rb\\qc"',
    "A==b=",
    "a.b=1",
    "a-b=1",
    "A=mysql://u:p@h/d?x=1&y=2",
    'A="x\ny"',
    "A='x\ny'\nB=z",
    "  A=b",
    "\ufeffA=b",
    "A=b\r\nB=c\r\n",
    "#A=b\n\n # c\nC=d",
    "B=1\nA=${B}/x",
    "B=1\nA=$B/x",
    'B=1\nA="${B}-$B"',
    "B=1\nA='${B}'",
    "A=${NOPE:-d}",
    "A=${NOPE-d e}",
    "B=\nA=${B:-d}",
    "B=\nA=${B-d}",
    "B=x\nA=${B:-d}",
    "A=${NOPE:-}",
    "B=a$$b\nA=$B",
    "B='$C'\nA=$B",
    "A=a$é",
]
REFUSED = [
    "A=pa$word",
    'A="pa$word"',
    "A=${B}\nB=1",
    "A=a\\$b",
    "A=$HOME",
    "A=${NOPE}",
    "A=${NOPE:?x}",
    "B=1\nA=${B:+y}",
    "B=1\nA=${C:-${B}}",
    "A=${",
    "A={$B}\nB=2",
    'A="x"y',
    "A='x'y",
    'A="x\nB=1',
    "A='x\\'",
    "A",
    "A: b",
    "EXPORT A=b",
    "A B=1",
    "'A'=1",
    "A=b\rB=c",
    "A=1\nA=2",
    'A="\\a"',
    'A="\\0101"',
    "A=a\x00b",
]
TEXTS = st.text("AB =#\"'$\\{}:-\n\tabn1é", max_size=24).map(lambda text: f"B=1\nA={text}\n")


def compose_reads(folder: Path, texts: Sequence[str]) -> list[Mapping[str, str]]:
    """All of them by one look, each as the `env_file:` of a service."""
    services = {}
    for number, text in enumerate(texts):
        (folder / f"{number}.env").write_text(text, newline="")
        services[f"s{number}"] = {"image": "x", "env_file": [f"{number}.env"]}
    (folder / "c.yml").write_text(yaml.safe_dump({"services": services}))
    read = COMPOSE.read([folder / "c.yml"], {}, "env-meaning")["services"]
    return [read[f"s{number}"].get("environment") or {} for number in range(len(texts))]


def ours(folder: Path, text: str) -> Mapping[str, str] | None:
    (folder / "ours.env").write_text(text, newline="")
    values, fault = read_env_as_far(folder / "ours.env")
    return None if fault else values


def test_what_is_read_is_read_as_compose_reads_it(tmp_path: Path) -> None:
    read = [ours(tmp_path, text) for text in READ_ALIKE]
    assert dict(zip(READ_ALIKE, read, strict=True)) == dict(
        zip(READ_ALIKE, compose_reads(tmp_path, READ_ALIKE), strict=True)
    )


@pytest.mark.parametrize("text", REFUSED)
def test_what_compose_takes_from_elsewhere_or_reads_oddly_is_refused(
    text: str, tmp_path: Path
) -> None:
    assert ours(tmp_path, text) is None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=40, max_size=60))
def test_any_other_text_is_refused_or_read_alike(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    accepted = {text: read for text in texts if (read := ours(folder, text)) is not None}
    assert accepted == dict(zip(accepted, compose_reads(folder, list(accepted)), strict=True))


def test_a_secret_of_a_block_is_what_its_name_means_in_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("URL=mysql://app:$PASSWORD_KEPT@db/shop\n")
    values, fault = read_env_as_far(tmp_path / ".env", {"PASSWORD_KEPT": "from the block"})
    assert fault is None
    (tmp_path / "c.yml").write_text("services: {web: {image: x, env_file: [.env]}}")
    read = COMPOSE.read([tmp_path / "c.yml"], {"PASSWORD_KEPT": "from the block"}, "env-meaning")
    assert (
        read["services"]["web"]["environment"]
        == values
        == {"URL": "mysql://app:from the block@db/shop"}
    )
