"""A command that cannot be carried out ends with 1 and one line on stderr, and leaves nothing
running."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from blocks.docker.host import DockerHost
from tests.installation import Installation


def command(
    tidegate: Installation, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    environment = {**tidegate.plane.environment(), **settings}
    return subprocess.run(
        [Path(sys.executable).with_name("tidegate"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


AS_THE_OTHERS = pytest.mark.crash_only("the others")
UNKNOWN = r"looking for the stack 'shoop': there is none \(known: .+\)\. Use one of the known names"
NOT_ON_THE_LIST = r"starting {}/prod: stack: 'shoop' is not one of \[.+\]\. Correct it; .+"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("release", "shoop", "v1.0.0"), UNKNOWN),
        pytest.param(("rollback", "shoop", "--reason", "slow"), UNKNOWN, marks=AS_THE_OTHERS),
        (
            ("release", "shoop", "v1.0.0", "prod"),
            NOT_ON_THE_LIST.format("release"),
        ),
        pytest.param(
            ("rollback", "shoop", "prod", "--reason", "slow"),
            NOT_ON_THE_LIST.format("rollback"),
            marks=AS_THE_OTHERS,
        ),
        pytest.param(("status", "shoop"), UNKNOWN, marks=AS_THE_OTHERS),
        (("history", "shoop"), UNKNOWN),
    ],
)
def test_a_command_for_an_unknown_stack_ends_with_one_line_and_1(
    tidegate: Installation, arguments: tuple[str, ...], said: str
) -> None:
    ended = command(tidegate, *arguments)
    assert ended.returncode == 1
    assert re.fullmatch(f"✗ {said}\n", ended.stderr), ended.stderr


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param("TIDEGATE_PREFECT_PORT", marks=AS_THE_OTHERS),
        pytest.param("TIDEGATE_RECEIVER_PORT", marks=AS_THE_OTHERS),
        "TIDEGATE_EDGE_PORT",
    ],
)
def test_run_on_a_taken_port_names_port_and_setting_and_leaves_nothing_running(
    tidegate: Installation, tmp_path: Path, setting: str
) -> None:
    name = f"{tidegate.settings.edge_name}-port"
    (tmp_path / "images.env").write_text((tidegate.settings.home / "images.env").read_text())
    with ExitStack() as taken:
        free = {
            key: taken.enter_context(socket.create_server(("127.0.0.1", 0)))
            for key in (
                "TIDEGATE_PREFECT_PORT",
                "TIDEGATE_RECEIVER_PORT",
                "TIDEGATE_EDGE_PORT",
                "TIDEGATE_EDGE_CHECK_PORT",
            )
        }
        ports = {key: str(one.getsockname()[1]) for key, one in free.items()}
        for key in free.keys() - {setting}:
            free[key].close()
        ended = command(
            tidegate, "run", **ports, TIDEGATE_HOME=str(tmp_path), TIDEGATE_EDGE_NAME=name
        )
    client = DockerHost().client
    for network in client.networks.list(names=[f"^0-{name}$"]):
        network.remove()
    assert ended.returncode == 1, ended.stdout
    assert re.fullmatch(r"✗ starting .+: .+\. Stop .+\n", ended.stderr), ended.stderr
    assert setting in ended.stderr
    assert ports[setting] in ended.stderr
    assert not [one for one in client.containers.list(all=True) if one.name == name]
    assert not list((tmp_path / "run").glob("*.pid"))
