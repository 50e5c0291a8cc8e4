"""The unit of `tidegate service`, as systemd itself reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from cli.new import new
from cli.service import unit_text, write
from tidegate.settings import Settings


@pytest.mark.parametrize("name", ["releases", "we %ird $re leases", "päckchen;#"])
def test_systemd_accepts_the_unit_of_a_folder_of_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new(tmp_path / name, Console(quiet=True))
    monkeypatch.chdir(tmp_path / name)
    file = tmp_path / "tidegate.service"
    write(unit_text(Settings()), file)
    ended = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_systemd_finds_a_faulty_unit(tmp_path: Path) -> None:
    file = tmp_path / "tidegate.service"
    file.write_text("[Service]\nType=exec\nExecStart=run --foreground\n")
    ended = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
