"""An empty database of a Prefect server, which each server of the tests starts from: making one
takes five seconds of work."""

import os
import shutil

from setup.places import HOME, ROOT, VENV
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import run

FOLDER = HOME / "test-prefect"
STAMP = HOME / "test-prefect-made-from"


def ensure() -> str:
    wanted = fingerprint(ROOT / "requirements.lock")
    if (FOLDER / "prefect.db").is_file() and is_stamped(STAMP, wanted):
        return "here"
    shutil.rmtree(FOLDER, ignore_errors=True)
    run(
        "making Prefect's database for the tests",
        [VENV / "bin" / "prefect", "server", "database", "upgrade", "--yes"],
        environment={**_without_prefect(), "PREFECT_HOME": str(FOLDER)},
    )
    put_stamp(STAMP, wanted)
    return "made"


def _without_prefect() -> dict[str, str]:
    """Somebody's own settings may name a database that is not ours to migrate."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
