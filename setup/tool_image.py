"""The image of Tidegate for compose.yaml, from the wheel and with the locked versions.

`python -m setup.tool_image` builds it on the public Python image, or on a local one where that
cannot be pulled.
"""

import os
import shutil
import tempfile
import tomllib
from pathlib import Path

from setup import pull, rootfs, tool_wheels, wheel
from setup.places import ROOT
from setup.step import run

DOCKERFILE = ROOT / "setup" / "image" / "Dockerfile"
PUBLIC = "python:3.11-slim-bookworm"


def name() -> str:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return f"tidegate:{version}"


def build(tag: str) -> None:
    """Have it on the engine. TIDEGATE_BASE_IMAGE names another base."""
    tool_wheels.ensure()
    base = os.environ.get("TIDEGATE_BASE_IMAGE") or PUBLIC
    arguments = [f"BASE_IMAGE={base}"]
    if not pull.ensure(base):
        arguments = [f"BASE_IMAGE={rootfs.ensure_image()}", "PIP_OPTIONS=--no-index"]
    with tempfile.TemporaryDirectory(prefix="tidegate-image-") as made:
        context = Path(made)
        wheel.build(context)
        shutil.copy(DOCKERFILE, context)
        shutil.copytree(
            tool_wheels.WHEELS,
            context / "wheels",
            copy_function=os.link if _same_disk(context) else shutil.copy,
        )
        options = [word for one in arguments for word in ("--build-arg", one)]
        run(f"building {tag}", ["docker", "build", "--quiet", "--tag", tag, *options, context])


def _same_disk(folder: Path) -> bool:
    return folder.stat().st_dev == tool_wheels.WHEELS.stat().st_dev


if __name__ == "__main__":
    build(name())
    print(name())
