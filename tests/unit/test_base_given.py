"""Which base services have a value in their definition: of these alone nobody can say, once it is
another one, whether they run as the files say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.base_waiting import _given


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("s3cret", {"db"}),
        ('a"b\\c 密', {"cache"}),
        ("another", set()),
    ],
)
def test_a_value_is_found_wherever_it_stands_and_whatever_is_in_it(
    value: str, found: set[str]
) -> None:
    model = {
        "services": {
            "db": {"environment": {"URL": "mysql://app:s3cret@db/app"}},
            "cache": {"command": ["redis-server", "--requirepass", 'a"b\\c 密']},
        }
    }
    env = cast(OpenEnvironment, SimpleNamespace(model=lambda: model))
    assert _given(env, [value]) == found
