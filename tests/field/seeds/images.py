"""The images of the seeds: what the teams' CI and vendors have pushed, played by
`examples/stand-ins`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from setup import rootfs, test_images
from setup.images import chosen
from tests.field.seeds.machine import HUB
from tests.field.seeds.repositories import BIZNEXUS, CLOUDLENS_GIT, check_out
from tests.field.stand_ins import BUILD_SECONDS, FOLDER, stand_in

SEISEI = FOLDER / "seisei"
BY_TAG: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "odoo18": ("odoo", "5432", ("seisei/seisei-odoo18:sha-{commit7}",)),
    "ocr": ("ocr", "8080", ("seisei/seisei-ocr:sha-{commit7}", "seisei/ocr-service:latest")),
    "qr-bff": ("qr", "3100", ("seisei/qr-bff:{commit7}", "seisei/qr-bff:latest")),
    "langbot": ("bot", "5300", ("rockchin/langbot:{version}",)),
    "website": ("website", "3000", ("seisei/www:{version}",)),
    "crm-api": ("crm", "8000", ("seisei/crm-api:{version}", "seisei/crm-api:latest")),
    "odoo18-test": ("odoo", "5432", ("library/odoo:{version}",)),
}
"""Stack -> the program, its port, and the names under which each version is pushed; `latest` is the
first one, which runs by hand."""
BUILT: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "cloudlens": (
        CLOUDLENS_GIT,
        {"songqipeng/cloudlens-backend": ".", "songqipeng/cloudlens-frontend": "web/frontend"},
    ),
    "biznexus": (BIZNEXUS, {"ghcr.io/seisei/seisei-erp": "."}),
}
"""Stack that a release builds -> its repository, and the folder there that each image is of."""
MODULES = {"v1.2.0": "18.0.1.1.0"}
"""Versions whose modules update the tenants' databases."""


def of_the_machine() -> Mapping[str, str]:
    """Name on the seeds' machine -> image that is on this one; what is missing is built."""
    ours = chosen()
    nginx = stand_in("nginx")
    return {
        "nginx:1.27-alpine": nginx,
        f"{HUB}/library/nginx:1.27-alpine": nginx,
        f"{HUB}/library/nginx:1.27.1-alpine": nginx,
        "redis:7-alpine": ours["CACHE_IMAGE"],
        "mysql:8.0": ours["DATABASE_IMAGE"],
        "node:20": stand_in("node"),
        "python:3.12-slim": ours["PYTHON_IMAGE"],
        "postgres:15": test_images.POSTGRESQL,
        "postgres:15-alpine": test_images.POSTGRESQL,
        "postgres:16": test_images.POSTGRESQL,
        "seisei:base": stand_in("seisei"),
        **{image: image for image in (*ours.values(), rootfs.ensure_image())},
    }


def save(archive: Path, images: Mapping[str, str]) -> None:
    """For an engine that has none of them."""
    docker("save", "--output", str(archive), *sorted({*images.values()}))


def load(archive: Path, images: Mapping[str, str]) -> None:
    """Under the names of that machine; those with the registry's address are pushed."""
    docker("load", "--quiet", "--input", str(archive))
    for name, image in images.items():
        docker("tag", image, name)
        if name.startswith(HUB):
            docker("push", "--quiet", name)
    docker(
        "build", "--tag", "managed", *_arguments({"POSTGRESQL": "postgres:16"}), FOLDER / "managed"
    )


def push_version(stack: str, version: str, commit: str, *, is_first: bool) -> None:
    """As CI does; nothing of it stays on the engine."""
    program, port, _ = BY_TAG[stack]
    modules = MODULES.get(version, "18.0.1.0.0")
    arguments = {"PROGRAM": program, "PORT": port, "VERSION": version, "MODULES": modules}
    file = SEISEI / "Dockerfile.version"
    for name in names_of(stack, version, commit[:7], is_first=is_first):
        words = _arguments({"SEISEI": "seisei:base", **arguments})
        docker("build", "--quiet", "--tag", name, "--file", file, *words, SEISEI)
        docker("push", "--quiet", name)
        docker("image", "rm", name)


def build_by_hand(stack: str, repositories: Path) -> None:
    """The first version, as somebody built it on the server."""
    name, folders = BUILT[stack]
    repository = repositories / name
    check_out(repository, "v1.0.0")
    words = _arguments({"VERSION": "v1.0.0"})
    for image, folder in folders.items():
        docker("build", "--quiet", "--tag", f"{image}:latest", *words, repository / folder)
    check_out(repository, "main")


def names_of(stack: str, version: str, commit7: str, *, is_first: bool) -> Iterator[str]:
    """Under which one version is pushed."""
    for name in BY_TAG[stack][2] if stack in BY_TAG else ():
        if is_first or not name.endswith(":latest"):
            yield f"{HUB}/{name.format(version=version, commit7=commit7)}"


def _arguments(values: Mapping[str, str]) -> list[str]:
    return [word for key, value in values.items() for word in ("--build-arg", f"{key}={value}")]


def docker(*words: str | Path) -> str:
    said = subprocess.run(
        ["docker", *words], capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    assert said.returncode == 0, f"docker {words[0]}: {said.stderr}"
    return said.stdout.strip()


def remove_containers() -> None:
    """All of that engine: nobody else has any there."""
    if there := docker("ps", "--all", "--quiet").split():
        docker("rm", "--force", "--volumes", *there)
