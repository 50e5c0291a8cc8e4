"""`tidegate init` and `tidegate check` where no compose file and no stack file is found."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer.testing

from cli.main import app
from tests.integration.newcomers import begun
from tidegate.errors import InputError
from tidegate.stack.folder import FILE

WEB = "services: {web: {image: 'acme/web:1.0', ports: ['80:80']}}\n"


@pytest.mark.parametrize("name", ["deploy/docker-compose.yml", "stack-compose.yml"])
def test_compose_files_that_are_not_read_are_named_and_nothing_is_made(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(WEB)
    with pytest.raises(InputError) as raised:
        begun(tmp_path)
    assert raised.value.came_back.endswith(f"but there are {name}")
    assert not (tmp_path / FILE).exists()


def test_a_second_main_file_is_named_as_not_read(tmp_path: Path) -> None:
    for name in ("compose.yaml", "docker-compose.yml"):
        (tmp_path / name).write_text(WEB)
    assert begun(tmp_path)["left_out"] == ("docker-compose.yml",)


def test_a_new_folder_is_said_to_be_one_for_several(tmp_path: Path) -> None:
    said = typer.testing.CliRunner().invoke(app, ["init", str(tmp_path / "releases")])
    assert said.output.startswith(f"No compose file is in {tmp_path / 'releases'}")


def test_a_check_of_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_STACKS", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path / ".tidegate"))
    with pytest.raises(InputError, match="there is none"):
        typer.testing.CliRunner().invoke(app, ["check"], catch_exceptions=False)


def test_help_is_asked_for_in_short_too_and_a_limit_is_positive() -> None:
    runner = typer.testing.CliRunner()
    assert runner.invoke(app, ["history", "-h"]).exit_code == 0
    assert runner.invoke(app, ["history", "shop", "--limit", "-3"]).exit_code == 2
