"""Files and folders of a stack's own folder that its containers are given: some are read, some are
written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.e2e.in_process import edit_stack, engine
from tests.installation import Installation

PICTURES = {f"{number}.txt": f"picture {number}" for number in range(50)}


def folder_of(tidegate: Installation, stack: str) -> Path:
    return tidegate.settings.stacks / stack


def mount(tidegate: Installation, stack: str, *mounts: str, **state: list[str]) -> None:
    """Give the released service `mounts`, and say under `state` what is saved of them. It runs as
    nobody in particular."""
    for place in state.get("files", []):
        (folder_of(tidegate, stack) / place).mkdir()
        (folder_of(tidegate, stack) / place).chmod(0o777)
    edit_stack(tidegate, stack, lambda content: content["state"].update(state))
    file = folder_of(tidegate, stack) / "docker-compose.yml"
    content: dict[str, Any] = yaml.safe_load(file.read_text())
    content["services"]["backend"]["volumes"] = list(mounts)
    content["volumes"] |= dict.fromkeys(state.get("volumes", []))
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def in_slot(tidegate: Installation, stack: str, command: str) -> str:
    """What a shell prints in the container that serves."""
    now = tidegate.ledger.deployments.current(stack, "prod")
    assert now is not None
    [one] = engine(tidegate).containers({"com.docker.compose.project": now.slot})
    done = engine(tidegate).execute(one.id, ["sh", "-c", command])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def fill(folder: Path) -> None:
    for name, text in PICTURES.items():
        (folder / name).write_text(text)


def spoil(folder: Path) -> None:
    """One is gone, one is another, one is new."""
    (folder / "7.txt").unlink()
    (folder / "8.txt").write_text("written over")
    (folder / "late.txt").write_text("late")


def content_of(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}
