"""The unit of `tidegate service`, as systemd itself reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.service import unit_text, write
from tidegate.settings import Settings
from tidegate.stack.team_folder import make_for_several


@pytest.mark.parametrize("name", ["releases", "we %ird $re leases", "päckchen;#"])
def test_systemd_accepts_the_unit_of_a_folder_of_any_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_for_several(tmp_path / name)
    monkeypatch.chdir(tmp_path / name)
    file = tmp_path / "tidegate.service"
    write(unit_text(Settings()), file)
    ended = subprocess.run(
        ["systemd-analyze", "verify", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_systemd_finds_a_faulty_unit(tmp_path: Path) -> None:
    file = tmp_path / "tidegate.service"
    file.write_text("[Service]\nType=exec\nExecStart=run --foreground\n")
    ended = subprocess.run(
        ["systemd-analyze", "verify", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0
