"""An environment in which the tests install the wheel, as `pipx` would: it holds what the wheel
declares, and nothing else.

It is made anew whenever a dependency changes. Each test session puts its own wheel into it.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from setup import tool_wheels, wheel
from setup.places import HOME, PYTHON, ROOT
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import run

VENV = HOME / "tool-venv"
STAMP = HOME / "tool-venv-made-from"


def ensure() -> str:
    inputs = fingerprint(ROOT / "requirements.lock", ROOT / "pyproject.toml", sys.version)
    if VENV.is_dir() and is_stamped(STAMP, inputs):
        return "as declared"
    tool_wheels.ensure()
    shutil.rmtree(VENV, ignore_errors=True)
    run("making Tidegate's environment", [PYTHON, "-m", "venv", "--without-pip", VENV])
    with tempfile.TemporaryDirectory(prefix="tidegate-tool-") as folder:
        made = wheel.build(Path(folder))
        _pip(
            "installing what the wheel declares",
            "--constraint",
            made.with_name(wheel.CONSTRAINTS),
            made,
        )
    put_stamp(STAMP, inputs)
    return "made"


def install(made: Path) -> Path:
    """Put the wheel `made` in the place of the one before. Returns the program."""
    _pip("installing the wheel", "--no-deps", "--force-reinstall", made)
    return VENV / "bin" / "tidegate"


def _pip(doing: str, *words: str | Path) -> None:
    run(
        doing,
        [
            PYTHON,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--python",
            VENV / "bin" / "python",
            "install",
            "--quiet",
            "--no-index",
            "--find-links",
            tool_wheels.WHEELS,
            *words,
        ],
    )
