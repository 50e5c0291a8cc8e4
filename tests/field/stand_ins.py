"""The images that the compose files of `examples/field` name by a variable, or what stands in for
them here."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Mapping
from functools import cache

from setup import rootfs, test_images
from setup.images import chosen
from setup.places import ROOT
from setup.stamp import fingerprint

FOLDER = ROOT / "examples" / "stand-ins"
BUILD_SECONDS = 600
# Env key of the compose files -> folder of the stand-in.
FOLDERS = {
    "PYTHON_IMAGE": "python",
    "NODE_IMAGE": "node",
    "NGINX_IMAGE": "nginx",
    "GO_IMAGE": "go",
    "PHP_IMAGE": "php",
    "RUBY_IMAGE": "ruby",
    "MONGO_IMAGE": "mongo",
}


def images(wanted: Collection[str]) -> Mapping[str, str]:
    """Env key -> image that is on the engine; what is wanted and missing is built."""
    ours = chosen()
    built = {key: stand_in(folder) for key, folder in FOLDERS.items() if key in wanted}
    return {
        **built,
        "RUN_IMAGE": ours["PYTHON_IMAGE"],
        "POSTGRES_IMAGE": test_images.POSTGRESQL,
        "REDIS_IMAGE": ours["CACHE_IMAGE"],
        "MARIADB_IMAGE": ours["DATABASE_IMAGE"],
    }


@cache
def stand_in(folder: str) -> str:
    name = f"tidegate-field/{folder}:{fingerprint(FOLDER / folder, rootfs.INPUTS)}"
    if subprocess.run(
        ["docker", "image", "inspect", name], capture_output=True, timeout=60, check=False
    ).returncode:
        base = f"BASE={rootfs.ensure_image()}"
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", name, "--build-arg", base, FOLDER / folder],
            check=True,
            timeout=BUILD_SECONDS,
        )
    return name
