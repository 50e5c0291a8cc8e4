"""What git keeps elsewhere is not built as something else: a submodule is no empty folder, a
pointer is no file."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.docker.left_out import refuse_left_out
from tests.integration.building import recipe
from tidegate.errors import ImageError

ELSEWHERE = {
    "web/lib": "a submodule",
    "web/model.bin": "a pointer of Git LFS",
    "docs/film.mp4": "a pointer of Git LFS",
}


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    for folder in ("web/lib", "docs", "other"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("web/model.bin", "web/Dockerfile", "docs/film.mp4", "Dockerfile"):
        (tmp_path / file).write_text("x")
    return tmp_path


def given(
    exported: Path, context: str, dockerfile: str = "Dockerfile", **more: dict[str, str]
) -> str:
    """The refusal; empty where there is none."""
    try:
        refuse_left_out(recipe(context, dockerfile, **more), exported, ELSEWHERE, "building shop")
    except ImageError as error:
        return error.came_back
    return ""


def test_each_path_that_the_build_would_be_given_is_named(exported: Path) -> None:
    assert given(exported, ".") == (
        "docs/film.mp4 is a pointer of Git LFS; web/lib is a submodule; web/model.bin is a pointer of Git LFS"
    )
    assert given(exported, "web") == "web/lib is a submodule; web/model.bin is a pointer of Git LFS"
    assert given(exported, "other") == ""


def test_an_additional_context_is_given_too(exported: Path) -> None:
    assert "docs/film.mp4" in given(exported, "other", additional_contexts={"docs": "docs"})


def test_what_dockerignore_keeps_away_does_no_harm(exported: Path) -> None:
    (exported / ".dockerignore").write_text("# films\ndocs\n**/lib\n*/model.*\n")
    assert given(exported, ".") == ""
    (exported / ".dockerignore").write_text("web/*\n!web/lib\n")
    assert given(exported, ".") == "docs/film.mp4 is a pointer of Git LFS; web/lib is a submodule"


def test_the_ignore_file_of_a_dockerfile_is_read_before_that_of_the_folder(exported: Path) -> None:
    (exported / ".dockerignore").write_text("docs\nweb\n")
    (exported / "web" / "Dockerfile.dockerignore").write_text("docs\nweb/model.bin\n")
    assert given(exported, ".", "web/Dockerfile") == "web/lib is a submodule"
