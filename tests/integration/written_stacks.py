"""What `tidegate init` writes for a compose file of somebody else, when it passes the check."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tasks.plan.checking import look_over
from tests.integration.newcomers import Newcomer, begun, cloned
from tidegate.settings import Settings
from tidegate.stack.file import Stack, load_stack


def written(
    folder: Path, files: dict[str, str], at: str = ""
) -> tuple[Path, Stack, dict[str, object]]:
    """The clone, its stack file, and what `init` in the folder `at` of it says; each key that it
    left open is given, and then the check finds no fault."""
    clone = cloned(Newcomer(files, 0, (), (), 0), folder)
    said = begun(clone / at)
    for name in said["missing"]:
        env = clone / name
        env.write_text(re.sub(r"^# (\w+)=$", r"\1=given-by-hand-7", env.read_text(), flags=re.M))
    _, found = look_over(Settings(stacks=clone, home=clone / ".tidegate"))
    assert [one.came_back for one in found if one.kind == "fault"] == []
    changed = subprocess.run(
        ["git", "-C", clone, "diff", "--name-only"], capture_output=True, text=True, check=True
    )
    assert changed.stdout == ""
    return clone, load_stack(clone), said
