"""`tidegate init` and `tidegate check` where compose files share an image, or have a variable as its
tag."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.plan.checking import look_over
from tests.integration.newcomers import Newcomer, begun, cloned
from tests.integration.written_stacks import written
from tidegate.errors import InputError
from tidegate.settings import Settings

DOCKERFILE = {"Dockerfile": "FROM python:3.12\nEXPOSE 8000\n"}
SHARED = """
services:
  web: {build: ., image: "acme/shop:latest", ports: ["8000:8000"]}
  worker: {image: "acme/shop:latest", command: work}
  migrate: {image: acme/shop, command: python manage.py migrate, restart: "no"}
  other: {image: "acme/other:1.0", restart: "no"}
"""


def test_what_has_the_image_that_is_built_is_released_with_it(tmp_path: Path) -> None:
    _, stack, _ = written(tmp_path, {"compose.yaml": SHARED, **DOCKERFILE})
    assert {one.name: one.image for one in stack.services} == {
        "web": "acme/shop",
        "worker": "acme/shop",
        "migrate": "acme/shop",
    }
    assert stack.one_shots == ("migrate",)


@pytest.mark.parametrize(
    "image", ["acme/shop:${TAG:-1.0}", "${IMAGE:-acme/shop:1}", "${REGISTRY}/acme/shop:${TAG}"]
)
def test_an_image_is_shared_however_it_is_written(image: str, tmp_path: Path) -> None:
    compose = SHARED.replace("acme/shop:latest", image)
    clone = cloned(Newcomer({"compose.yaml": compose, **DOCKERFILE}, 0, (), (), 0), tmp_path)
    begun(clone)
    lines = (clone / "stack.yaml").read_text().splitlines()
    shared = "acme/shop" if "REGISTRY" not in image else "my-shop/web"
    assert f"  - {{name: worker, image: {shared}}}" in lines


def test_an_image_that_is_built_for_another_service_is_refused_where_nobody_builds_it(
    tmp_path: Path,
) -> None:
    clone, _, _ = written(tmp_path, {"compose.yaml": SHARED, **DOCKERFILE})
    file = clone / "stack.yaml"
    text = file.read_text().replace("name: worker, image: acme/shop", "name: worker")
    file.write_text(text.replace("  - {name: migrate, image: acme/shop}\n", ""))
    _, found = look_over(Settings(stacks=clone, home=clone / ".tidegate"))
    assert sorted((one.kind, one.line, one.came_back) for one in found) == [
        (
            "fault",
            line,
            f"services.{name}.image: acme/shop is built here for web, and nobody builds it for "
            f"{name}; write `- {{name: {name}, image: acme/shop}}` under `services` in stack.yaml",
        )
        for name, line in (("worker", 4), ("migrate", 5))
    ]


@pytest.mark.parametrize("tag", ["${TAG}", "$TAG", "${VERSION:?say which/one: v1}"])
def test_a_tag_that_is_a_variable_is_the_version(tag: str, tmp_path: Path) -> None:
    compose = f"services: {{app: {{image: 'ghcr.io/acme/app:{tag}', ports: ['80:80']}}}}\n"
    _, stack, said = written(tmp_path, {"compose.yaml": compose})
    [app] = stack.services
    assert (app.image, app.tag, said["newest"]) == ("ghcr.io/acme/app", "{version}", "")


def test_an_image_that_nobody_names_is_asked_for(tmp_path: Path) -> None:
    compose = "services: {app: {image: '${IMAGE}', ports: ['80:80']}}\n"
    clone = cloned(Newcomer({"compose.yaml": compose}, 0, (), (), 0), tmp_path)
    with pytest.raises(InputError) as refused:
        begun(clone)
    assert refused.value.came_back == "nothing says which image ${IMAGE} of app is"
    assert refused.value.to_do == "Give the variable a value in .env.example, and try again"
