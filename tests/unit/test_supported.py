"""docs/supported.md names tests that are there."""

from __future__ import annotations

import re

import pytest

from setup.places import ROOT

NAMED = sorted(
    set(
        re.findall(
            r"`(tests/[\w/]+\.py)(?:::(\w+))?`",
            (ROOT / "docs" / "supported.md").read_text(encoding="utf-8"),
        )
    )
)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert f"def {name or 'test_'}" in (ROOT / file).read_text(encoding="utf-8")
