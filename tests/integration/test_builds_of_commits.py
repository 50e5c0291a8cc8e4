"""What is built is what the commit says, also where two commits can hardly be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from blocks.docker.host import DockerHost
from blocks.sources.git import GitSource
from tests.images import BASE
from tests.in_container import printed_in
from tests.integration.building import build, builder, recipe, version
from tests.integration.repositories import commit, git

HOST = DockerHost()
NOW = "2026-11-27T12:00:00+00:00"


@pytest.fixture
def stack() -> Iterator[str]:
    name = f"tg-test-{uuid4().hex[:8]}"
    yield name
    for image in HOST.client.images.list(filters={"label": f"tidegate.stack={name}"}):
        HOST.client.images.remove(str(image.id), force=True)


def test_two_commits_of_one_second_are_two_images(
    tmp_path: Path, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BuildKit is sent only what it takes for changed: by time and size, and not by content, where
    the folder has the name of an earlier one. A rebase makes commits of one second."""
    origin, texts = tmp_path / "origin", (uuid4().hex, uuid4().hex)
    (origin / "web").mkdir(parents=True)
    git(origin, "init", "-q")
    for date in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(date, NOW)
    (origin / "web" / "Dockerfile").write_text(f"FROM {BASE}\nCOPY app.txt /app.txt\n")
    shas = [commit(origin, text, **{"web/app_txt": text}) for text in texts]
    source = GitSource(stack, str(origin), "main", tmp_path / "home", timeout_seconds=20)
    seen: list[str] = []
    for digit, sha in zip("ab", shas, strict=True):
        folder = tmp_path / sha
        source.export(sha, folder)
        image = build(builder(HOST), folder, stack, version(digit), recipe("web", "web/Dockerfile"))
        seen.append(printed_in(HOST, image, "cat", "/app.txt"))
    assert seen == [*texts]
