"""What cannot be read says nothing, and is not waited for."""

from __future__ import annotations

import os
from pathlib import Path

from tasks.plan.file_text import file_text


def test_a_file_is_read_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "start.sh").write_bytes(b"alembic upgrade head\xff")
    os.mkfifo(tmp_path / "pipe")
    assert file_text(tmp_path / "start.sh").startswith("alembic upgrade head")
    for name in ("pipe", "nothing", "."):
        assert file_text(tmp_path / name) == ""
