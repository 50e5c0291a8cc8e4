"""Fixtures of the example's tests; a test module names this file in `pytest_plugins`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from examples.cloudlens.make_repository import make_repository
from setup.wheels import WHEELS
from tests.integration.example_stack import App, Images, call

OWN_NAMES = """
services:
  backend: {container_name: !reset null, restart: "no", ports: !override ["127.0.0.1::8000"]}
  mysql: {container_name: !reset null}
  redis: {container_name: !reset null}
networks:
  reports: {name: %s-reports}
"""


@pytest.fixture(scope="session")
def example_images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    repository = tmp_path_factory.mktemp("example") / "cloudlens"
    make_repository(repository, WHEELS)
    images = Images(repository, f"tidegate-test/example-{uuid.uuid4().hex[:8]}")
    yield images
    names = call(
        "docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", images.prefix
    ).split()
    call("docker", "image", "rm", "--force", *names)


@pytest.fixture(scope="module")
def app(example_images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The stack with its database at v1.1.0's schema; `serve` starts a backend."""
    project = f"tg-example-{uuid.uuid4().hex[:8]}"
    override = tmp_path_factory.mktemp(project) / "own-names.yml"
    override.write_text(OWN_NAMES % project)
    app = App(example_images, project, override)
    try:
        app.compose("v1.1.0", "up", "-d", "--wait", "mysql", "redis")
        app.migrate("v1.1.0", "upgrade", "head")
        yield app
    finally:
        app.compose("v1.1.0", "down", "--volumes", "--timeout", "5")
