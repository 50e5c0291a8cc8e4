"""`.venv`: the locked dependencies, by hash, and this project in place."""

import importlib.util
import sys

from setup.packages import install
from setup.places import PYTHON, ROOT, VENV
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import run

STAMP = VENV / "made-from"


def ensure() -> str:
    inputs = fingerprint(ROOT / "requirements.lock", ROOT / "pyproject.toml", sys.version)
    if is_stamped(STAMP, inputs):
        return "as locked"
    if not importlib.util.find_spec("ensurepip"):
        install("Python's venv module", "python3-venv")
    run("making .venv", [sys.executable, "-m", "venv", "--clear", VENV])
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    # The lock names every package, so there is nothing for the resolver to do.
    run(
        "installing requirements.lock",
        [*pip, "--no-deps", "--require-hashes", "-r", ROOT / "requirements.lock"],
    )
    run("installing tidegate", [*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT])
    put_stamp(STAMP, inputs)
    return "made from requirements.lock"
