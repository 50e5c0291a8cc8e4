"""What is read of BuildKit's progress: which base images, which of them failed, what belongs into a
run's log."""

from __future__ import annotations

import pytest

from blocks.docker.build_output import BuildOutput


def heard(*lines: str) -> tuple[BuildOutput, list[str]]:
    output = BuildOutput()
    return output, [told for line in lines if (told := output.hear(line))]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (
            "#3 [internal] load metadata for docker.io/library/python:3.12",
            "docker.io/library/python:3.12",
        ),
        ("#3 [web internal] load metadata for ghcr.io/acme/base:1", "ghcr.io/acme/base:1"),
        (
            "#3 [web context lib] load metadata for docker.io/library/busybox:1",
            "docker.io/library/busybox:1",
        ),
        ("#3 [internal] load metadata for docker.io/a/b:1@sha256:12", "docker.io/a/b@sha256:12"),
        ("#6 [web] FROM docker.io/library/tool:1", "docker.io/library/tool:1"),
        ("#6 FROM 127.0.0.1:5000/a/tool:1", "127.0.0.1:5000/a/tool:1"),
    ],
)
def test_a_base_image_is_named_by_buildkit(line: str, name: str) -> None:
    assert heard(line)[0].bases == [name]


@pytest.mark.parametrize(
    "line",
    [
        "#4 [web 1/2] FROM docker.io/library/python:3.12@sha256:12",  # how the name above was resolved
        "#5 0.3 FROM here on",
        "#5 [web 2/3] RUN echo load metadata for x",
        "#1 [internal] load build definition from Dockerfile",
    ],
)
def test_nothing_else_is(line: str) -> None:
    assert heard(line)[0].bases == []


def test_a_base_image_that_could_not_be_had_is_told_from_the_others() -> None:
    output, _ = heard(
        "#2 [internal] load metadata for docker.io/library/good:1",
        "#3 [internal] load metadata for reg.test/private:1",
        "#2 DONE 0.0s",
        "#3 ERROR: unauthorized",
        "#7 ERROR: process",
    )
    assert output.missing == ["reg.test/private:1"]


def test_the_log_has_steps_and_their_time_and_nothing_that_they_print() -> None:
    lines = (
        "#1 [internal] load .dockerignore",
        "#4 [web 2/3] RUN make",
        "#4 0.312 compiling",
        "#4 DONE 61.2s",
        "#5 [web 3/3] COPY . .",
        "#5 DONE 0.0s",
        "#6 ERROR: it failed",
    )
    assert heard(*lines)[1] == [lines[1], lines[3], lines[4], lines[6]]
