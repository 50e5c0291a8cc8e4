"""A small Debian for the local images. Its archive is kept, so that a lost image costs seconds."""

import shutil
from pathlib import Path

from setup.packages import install
from setup.places import CACHE
from setup.stamp import fingerprint
from setup.step import asked, run

SUITE = "bookworm"
PACKAGES = ("ca-certificates", "python3", "python3-venv", "mariadb-server", "redis-server")
LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
INPUTS = " ".join((SUITE, *PACKAGES, *LEFT_OUT))


def ensure_image() -> str:
    """The name of the base image, which is then on the engine."""
    key = fingerprint(INPUTS)
    name, archive = f"tidegate-local/base:{SUITE}-{key}", CACHE / f"base-{key}.tar"
    if asked(["docker", "image", "inspect", name]) is None:
        if not archive.is_file():
            _make(archive)
        run("importing the local base image", ["docker", "import", archive, name])
    return name


def _make(archive: Path) -> None:
    if not shutil.which("mmdebstrap"):
        install("the maker of a base image", "mmdebstrap", "debian-archive-keyring")
    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_name("part-" + archive.name)
    run(
        "making the local base image",
        [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            *(f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT),
            SUITE,
            part,
        ],
    )
    part.rename(archive)
