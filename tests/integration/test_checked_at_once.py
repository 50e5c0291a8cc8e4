"""`tidegate check` says every fault at once: none hides another one, and each has its line."""

from __future__ import annotations

from pathlib import Path

from tests.integration.checked_stacks import *  # noqa: F403
from tests.integration.checked_stacks import PRIVILEGED, change, found


def told(folder: Path) -> list[tuple[str | None, int | None, str]]:
    return sorted(
        (Path(one["file"] or "").name, one["line"], one["came_back"].split(": allow it")[0])
        for one in found(folder, "ant")
    )


def test_faults_of_the_env_file_hide_none_of_the_compose_file(folder: Path) -> None:
    change(folder / "ant" / "compose.yaml", ("build: .\n", "build: .\n" + PRIVILEGED))
    (folder / "ant" / ".env").write_text("A\nexport B=1\n=c\nGREETING=x\n")
    lines = [one for one in told(folder) if one[0] == ".env"]
    assert [number for _, number, _ in lines] == [1, 3]
    assert ("compose.yaml", 6, "services.web.privileged: true") in told(folder)


def test_a_value_that_is_missing_is_told_with_its_line_and_hides_nothing(folder: Path) -> None:
    change(folder / "ant" / "compose.yaml", ("build: .\n", "build: .\n" + PRIVILEGED))
    (folder / "ant" / ".env").write_text("")
    assert told(folder) == [
        ("compose.yaml", 6, "services.web.privileged: true"),
        ("compose.yaml", 7, "no value for GREETING"),
    ]


def test_a_second_compose_file_that_is_not_there_is_named(folder: Path) -> None:
    change(
        folder / "ant" / "stack.yaml",
        ("compose_files: [compose.yaml]", "compose_files: [compose.yaml, more.yaml]"),
    )
    assert told(folder) == [
        ("stack.yaml", 9, "environments.prod.compose_files[1]: more.yaml is not there")
    ]
