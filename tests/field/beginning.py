"""How an application comes to Tidegate: a clone, `tidegate init`, and what a person adds."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import yaml

from cli.control_plane import BIN
from tests.field.apps import real_images
from tests.field.rows import Row
from tests.field.team import ENV_FILES, Team

COMMAND_SECONDS = 60


class NotBegunError(Exception):
    """`tidegate init` refused: its words."""


def begin(team: Team, images: Mapping[str, str], row: Row) -> None:
    """Lay out the folder, let its stack file be written, and add what no file says."""
    team.commit_versions()
    team.clone()
    team.write_env_file(".env", images)  # as it lies on the team's server
    _init(team, row)
    add_by_hand(team, row, images)
    team.complete_env_files(images)


def _init(team: Team, row: Row) -> None:
    """The questions are those that it asked, and those that an option answered beforehand."""
    answers = answers_of(team)
    options = [word for key, value in answers.items() for word in (f"--{key}", value)]
    said = subprocess.run(
        [BIN / "tidegate", "init", team.folder, "--name", team.stack, *options, "--json"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if said.returncode:
        row.init = "refused"
        raise NotBegunError(f"init: {said.stdout} {said.stderr}")
    written = json.loads(said.stdout)
    row.init = f"{written['lines']}, {written['asked'] + len(answers)}"


def answers_of(team: Team) -> dict[str, str]:
    """By option."""
    return {"domain": team.domain("staging"), **team.app.answers}


def add_by_hand(team: Team, row: Row, images: Mapping[str, str]) -> None:
    """Production beside the staging that `init` writes where no compose file is named after one,
    and what the application needs besides. Images that stand in here for others have other names,
    which is no work of a person elsewhere."""
    file = team.folder / "stack.yaml"
    content = yaml.safe_load(file.read_text())
    environments = content["environments"]
    added = dict[str, Any](team.app.by_hand)
    if "prod" not in environments:
        environments["prod"] = {
            **environments["staging"],
            "kind": "production",
            "after": "staging",
            "approval": False,
            "env_file": ENV_FILES["prod"],
            "domains": [team.domain()],
            "image_alias": "latest",
            **({"base_project": team.base_project} if team.app.own_port else {}),
        }
        added["environments.prod"] = ""
    for path, value in team.app.by_hand.items():
        _set(content, path.split("."), value)
    here = {
        _plain(real): _plain(images[key])
        for key, real in real_images(team.app).items()
        if key in images
    }
    for service in content["services"]:
        if image := here.get(service.get("image", "")):
            service["image"] = image
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    row.init += f"; by hand: {', '.join(f'`{path}`' for path in added)}" if added else ""


def _set(content: Any, path: list[str], value: Any) -> None:
    """None takes it out."""
    *parents, last = path
    for part in parents:
        content = content[int(part)] if isinstance(content, list) else content.setdefault(part, {})
    if value is None:
        del content[last]
    else:
        content[last] = value


def _plain(image: str) -> str:
    """Without its tag."""
    return re.sub(r":[^/:]*\Z", "", image)
