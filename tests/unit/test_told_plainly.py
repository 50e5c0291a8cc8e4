"""What a person reads of a file that is not there, a setting that is not known, and a setting of a
compose file that nothing can allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import InputError
from tidegate.stack.envfile import read_env_as_far
from tidegate.stack.folder import FILE, told_by_folder


def test_a_missing_env_file_is_copied_from_its_template_where_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / ".env.production"
    _, fault = read_env_as_far(file)
    assert fault is not None
    assert fault.to_do.startswith("Make it, with a line KEY=value for each key")
    (tmp_path / ".env.production.example").write_text("A=\n")
    _, fault = read_env_as_far(file)
    assert fault is not None
    assert fault.to_do.startswith("Copy .env.production.example to .env.production")


@pytest.mark.parametrize("text", ["\nedge_prot = 1\n", '\n"edge_prot" = 1\n', "\n[edge_prot]\n"])
def test_an_unknown_setting_is_told_with_its_line_and_what_was_probably_meant(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as raised:
        told_by_folder(["edge_port", "home", "stacks"], must_be=True)
    assert raised.value.came_back == "line 2: unknown: edge_prot (did you mean edge_port?)"
