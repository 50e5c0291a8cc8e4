"""The wheel of Tidegate, made of the files that git knows: what `pipx install` and `uv tool
install` take.

Beside it lies `constraints.txt`: the versions of the lock, without hashes, which no installer
accepts of a file that has none itself. The wheel is built in a folder of its own: setuptools would
else put old files of `build/` into it.
"""

import shutil
import tempfile
from pathlib import Path

from setup.places import PYTHON, ROOT
from setup.step import run

DIST = ROOT / "dist"
CONSTRAINTS = "constraints.txt"


def build(into: Path = DIST) -> Path:
    """Make it in `into`, in place of an older one."""
    with tempfile.TemporaryDirectory(prefix="tidegate-wheel-") as folder:
        _copy(Path(folder) / "source")
        made = Path(folder) / "made"
        run(
            "building the wheel",
            [
                PYTHON,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "wheel",
                "--quiet",
                "--no-deps",
                "--no-build-isolation",
                "--wheel-dir",
                made,
                Path(folder) / "source",
            ],
        )
        [wheel] = made.iterdir()
        into.mkdir(parents=True, exist_ok=True)
        for old in into.glob("tidegate-*.whl"):
            old.unlink()
        (into / CONSTRAINTS).write_text(constraints((ROOT / "requirements.lock").read_text()))
        return Path(shutil.copy(wheel, into))


def constraints(lock: str) -> str:
    """The lines `name==version` of a lock."""
    return "".join(
        f"{line.split()[0]}\n" for line in lock.splitlines() if "==" in line and line[0].isalnum()
    )


def files() -> list[str]:
    """The working tree as it is, without what git ignores."""
    listed = run(
        "listing the files of Tidegate",
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    )
    return [name for name in listed.split("\0") if name]


def _copy(target: Path) -> None:
    """Links become the files that they mean."""
    for name in files():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


if __name__ == "__main__":
    print(build().relative_to(ROOT))
