"""Everything that an installed Tidegate needs, as wheels: an installation of it then needs no
network."""

import shutil

from setup.places import CACHE, PYTHON, ROOT
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import run

WHEELS = CACHE / "tool-wheels"
STAMP = CACHE / "tool-wheels-made-from"


def ensure() -> str:
    inputs = fingerprint(ROOT / "requirements.lock")
    if WHEELS.is_dir() and is_stamped(STAMP, inputs):
        return "as locked"
    shutil.rmtree(WHEELS, ignore_errors=True)
    run(
        "fetching Tidegate's wheels",
        [
            PYTHON,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "wheel",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--wheel-dir",
            WHEELS,
            "--requirement",
            ROOT / "requirements.lock",
        ],
    )
    put_stamp(STAMP, inputs)
    return "fetched"
