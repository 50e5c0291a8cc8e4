"""Who decides by the API needs the name of every field: the documentation has them all."""

from __future__ import annotations

import re

import pytest

from setup.places import ROOT
from tasks.people.forms import AcceptanceEn, BaseEn, FormBase, RestoreEn


@pytest.mark.parametrize("form", [AcceptanceEn, RestoreEn, BaseEn])
def test_each_field_of_a_form_is_documented(form: type[FormBase]) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("### Deciding without a browser")[2].partition("\n## ")[0]
    assert {*form.model_fields} - {*re.findall(r"[`\"](\w+)[`\"]", section)} == set()
