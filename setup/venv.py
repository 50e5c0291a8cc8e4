"""`.venv`: the locked dependencies, by hash, and this project in place. How each environment of a
lock is made."""

import importlib.util
import sys
from pathlib import Path

from setup.packages import install
from setup.places import PYTHON, ROOT, VENV
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import run

STAMP = VENV / "made-from"


def ensure() -> str:
    inputs = fingerprint(ROOT / "requirements.lock", ROOT / "pyproject.toml", sys.version)
    if is_stamped(STAMP, inputs):
        return "as locked"
    make(VENV, ROOT / "requirements.lock")
    run(
        "installing tidegate",
        [*pip(PYTHON), "--no-deps", "--no-build-isolation", "--editable", ROOT],
    )
    put_stamp(STAMP, inputs)
    return "made from requirements.lock"


def make(folder: Path, lock: Path) -> None:
    """A virtual environment with what `lock` names, in place of an older one."""
    if not importlib.util.find_spec("ensurepip"):
        install("Python's venv module", "python3-venv")
    run(f"making {folder.name}", [sys.executable, "-m", "venv", "--clear", folder])
    # The lock names every package, so there is nothing for the resolver to do.
    locked: list[str | Path] = ["--no-deps", "--require-hashes", "-r", lock]
    run(f"installing {lock.name}", [*pip(folder / "bin" / "python"), *locked])


def pip(python: Path) -> list[str | Path]:
    return [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
