"""The application's dependencies as wheels for the Python inside its base image: the image build
needs no network."""

import shutil
from pathlib import Path

from setup.images import chosen
from setup.places import CACHE, EXAMPLE, PYTHON
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import run

WHEELS = CACHE / "wheels"
STAMP = CACHE / "wheels-made-from"
REQUIREMENTS = EXAMPLE / "base" / "requirements.txt"
ASK = (
    "import platform, sys; print(f'{sys.version_info[0]}.{sys.version_info[1]}', "
    "platform.machine())"
)


def ensure() -> str:
    return fetched(REQUIREMENTS, WHEELS, STAMP)


def fetched(requirements: Path, into: Path, stamp: Path) -> str:
    """The wheels of `requirements`, which is locked, in the folder `into`."""
    image = chosen()["PYTHON_IMAGE"]
    inputs = fingerprint(requirements, image)
    if into.is_dir() and is_stamped(stamp, inputs):
        return "as locked"
    answer = run(
        "asking the base image for its Python",
        ["docker", "run", "--rm", "--entrypoint", "python3", image, "-c", ASK],
    )
    version, machine = answer.split()
    shutil.rmtree(into, ignore_errors=True)
    _download(version, machine, requirements, into)
    put_stamp(stamp, inputs)
    return f"for Python {version} on {machine}"


def _download(version: str, machine: str, requirements: Path, into: Path) -> None:
    platforms = [
        f"--platform={tag}_{machine}"
        for tag in ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
    ]
    run(
        f"downloading the wheels of {requirements.parent.name}",
        [
            PYTHON,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={version}",
            *platforms,
            "--dest",
            into,
            "--requirement",
            requirements,
        ],
    )
