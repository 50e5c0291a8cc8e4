"""`python -m tests.field.newcomer [APPLICATION...]`: how long the first path takes, from
`git clone` of an application that knows nothing of Tidegate to its first release on staging."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console

from cli.control_plane import BIN
from setup.images import chosen
from tests.field.apps import App, app_named, real_images
from tests.field.beginning import answers_of
from tests.field.rows import PAGE, Table, line_of
from tests.field.stand_ins import images
from tests.field.team import ENV_FILES, Team
from tests.installation import SUFFIX, free_ports, remove_edge, remove_images, remove_stack
from tidegate.stack.folder import FILE

MOST_SECONDS = 600
EDGE = f"tidegate-field-newcomer{SUFFIX}"
TABLE = Table("newcomer")
STEPS = ("git clone", "tidegate init", "tidegate check", "tidegate run", "tidegate release")


def main(names: Sequence[str]) -> None:
    console = Console(width=160)
    rows = []
    for app in [app_named(name) for name in names or ("guestbook",)]:
        with tempfile.TemporaryDirectory(prefix="tidegate-newcomer-") as folder:
            took = first_path(app, Path(folder))
        cells = (app.name, *(f"{seconds:.1f} s" for seconds in (*took, sum(took))))
        rows.append(line_of(cells))
        console.print(rows[-1], markup=False, soft_wrap=True)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(TABLE.begin)
    _, _, after = rest.partition(TABLE.end)
    headings = ("Application", *(f"`{step}`" for step in STEPS), "In all")
    lines = [line_of(headings), line_of(["---"] * len(headings)), *rows]
    text = "".join(f"{line}\n" for line in lines)
    PAGE.write_text(f"{before}{TABLE.begin}{text}{TABLE.end}{after}", encoding="utf-8")


def first_path(app: App, folder: Path) -> list[float]:
    """Seconds of each of `STEPS`. What a person types is timed; that this machine has no registry,
    and other ports, is not."""
    team = Team(app, folder / "clone", folder / "origin")
    team.commit_versions()
    took = [timed(team.clone)]
    wanted = real_images(app)
    here = {key: image for key, image in images(wanted).items() if key in wanted}
    team.write_env_file(".env", here)
    answers = [word for key, value in answers_of(team).items() for word in (f"--{key}", value)]
    with gone_at_the_end(team):
        took.append(timed(lambda: typed(team, "init", "--yes", "--name", team.stack, *answers)))
        of_this_machine(team, here)
        took.append(timed(lambda: typed(team, "check")))
        took.append(timed(lambda: typed(team, "run")))
        took.append(timed(lambda: typed(team, "release", team.stack, app.versions[0])))
        people_see_it(team)
    return took


@contextmanager
def gone_at_the_end(team: Team) -> Iterator[None]:
    remove_stack(team.stack)  # of a killed session
    try:
        yield
    finally:
        if (team.folder / FILE).exists():
            typed(team, "stop")
        remove_stack(team.stack)
        remove_edge(EDGE)
        remove_images(team.stack)


def of_this_machine(team: Team, here: Mapping[str, str]) -> None:
    """Its images in place of a registry's, and ports that nobody has."""
    with (team.folder / ENV_FILES["staging"]).open("a") as file:
        file.writelines(f"{key}={image}\n" for key, image in here.items())
    ports = ("prefect_port", "edge_port", "edge_check_port", "receiver_port")
    told = {
        **dict(zip(ports, free_ports(len(ports)), strict=True)),
        "edge_name": EDGE,
        "edge_image": chosen()["EDGE_IMAGE"],
    }
    with (team.folder / FILE).open("a") as file:
        file.writelines(f"{name} = {json.dumps(value)}\n" for name, value in told.items())


def people_see_it(team: Team) -> None:
    said = (team.folder / FILE).read_text()
    [port] = [line.split()[-1] for line in said.splitlines() if line.startswith("edge_port")]
    answer = httpx.get(
        f"http://127.0.0.1:{port}{team.app.read}",
        headers={"Host": team.domain("staging")},
        trust_env=False,
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def typed(team: Team, *words: str) -> None:
    """In a shell that knows no other installation."""
    ours = ("PREFECT_", "TIDEGATE_")
    ended = subprocess.run(
        [BIN / "tidegate", *words],
        cwd=team.folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(ours)},
        text=True,
        capture_output=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    if ended.returncode:
        sys.exit(f"tidegate {' '.join(words)}: {ended.stdout}{ended.stderr}")


def timed(step: Callable[[], object]) -> float:
    began = time.monotonic()
    step()
    return time.monotonic() - began


if __name__ == "__main__":
    main(sys.argv[1:])
