"""The four images around the application: the public ones where they can be pulled, otherwise local
ones.

What was chosen is written to `images.env` and stays chosen until that file is removed.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from setup import local_images, pull
from setup.places import IMAGES_ENV
from setup.step import asked

PUBLIC = {
    "PYTHON_IMAGE": "python:3.12-slim",
    "DATABASE_IMAGE": "mysql:8.0",
    "CACHE_IMAGE": "redis:7-alpine",
    "EDGE_IMAGE": "traefik:v3",
}


def ensure(wait_for_venv: Callable[[], object]) -> str:
    """`wait_for_venv` returns when `.venv` is there: the local edge is made from a package in
    it."""
    before = chosen()
    if (
        before.keys() == PUBLIC.keys()
        and _are_here(before.values())
        and local_images.are_current(before.values())
    ):
        return f"here: {', '.join(before.values())}"
    wanted = {key: os.environ.get(key) or image for key, image in PUBLIC.items()}
    with ThreadPoolExecutor(len(wanted)) as pool:
        pulled = dict(zip(wanted, pool.map(pull.ensure, wanted.values()), strict=True))
    missing = [key for key, here in pulled.items() if not here]
    result = wanted | (local_images.build(missing, wait_for_venv) if missing else {})
    IMAGES_ENV.parent.mkdir(parents=True, exist_ok=True)
    IMAGES_ENV.write_text("".join(f"{key}={image}\n" for key, image in result.items()))
    return f"chosen: {', '.join(result.values())}"


def chosen() -> dict[str, str]:
    """Env key -> image name, as written by an earlier run; empty before the first."""
    if not IMAGES_ENV.is_file():
        return {}
    return dict(line.split("=", 1) for line in IMAGES_ENV.read_text().splitlines())


def _are_here(images: Iterable[str]) -> bool:
    return asked(["docker", "image", "inspect", "--format", "{{.Id}}", *images]) is not None
