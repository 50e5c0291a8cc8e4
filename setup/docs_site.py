"""`make docs`: the documentation as a site, to be read from the disk and without a network.

mkdocs.yml says what it looks like, and MkDocs builds it in an environment of its own.
"""

import os
import shutil
import sys
from pathlib import Path

from setup import docs_pages, docs_proof, venv
from setup.places import HOME, ROOT
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import SetupError, run, step

LOCK = ROOT / "setup" / "docs.lock"
VENV = HOME / "docs-venv"
STAMP = VENV / "made-from"
WORK = HOME / "docs"
SITE = ROOT / "dist" / "docs"


def ensure_builder() -> str:
    inputs = fingerprint(LOCK, sys.version)
    if is_stamped(STAMP, inputs):
        return "as locked"
    venv.make(VENV, LOCK)
    put_stamp(STAMP, inputs)
    return f"made from {LOCK.relative_to(ROOT)}"


def build() -> str:
    """Put the site into the place of an older one, which stays where this raises SetupError."""
    _gather()
    mkdocs: list[str | Path] = [VENV / "bin" / "mkdocs", "build", "--strict"]
    # What parts Chinese into words keeps a file in the folder for temporary ones.
    alone = {**os.environ, "TMPDIR": str(WORK), "NO_MKDOCS_2_WARNING": "1"}
    run(
        "building the pages",
        [*mkdocs, "--config-file", WORK / "mkdocs.yml"],
        environment=alone,
    )
    _tell_the_language()
    if faults := docs_proof.faults(WORK / "site"):
        named = "\n".join(faults)
        raise SetupError(
            f"looking at what was built. Correct this in docs/ or mkdocs.yml:\n{named}"
        )
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(WORK / "site", SITE)
    return f"open {SITE.relative_to(ROOT) / 'index.html'} in a browser"


def _gather() -> None:
    """The project as the builder wants it: every page and picture below one folder."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT / docs_pages.FOLDER, WORK / "docs", ignore=shutil.ignore_patterns("*.md"))
    shutil.copy(ROOT / "mkdocs.yml", WORK)
    for name, text in docs_pages.pages():
        Path(WORK, "docs", name).write_text(text, encoding="utf-8")


def _tell_the_language() -> None:
    """Browsers choose glyphs, and screen readers a voice, by it; the builder knows one for all."""
    for file in Path(WORK, "site").glob("*.zh-CN.html"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('<html lang="en"', '<html lang="zh-CN"', 1), encoding="utf-8")


def main() -> int:
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        step("site builder", ensure_builder)
        step("documentation", build)
    except SetupError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
