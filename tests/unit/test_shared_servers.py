"""Which declarations of databases may find the same one, and which of them are refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan.shared_servers import Claim, refuse_met
from tidegate.errors import StackFileError

ENV: Any = SimpleNamespace(stack=SimpleNamespace(name="shop"), name="staging")
SERVER = "db.example", "5432"


def pattern(environment: str, name: str, server: tuple[str, ...] = SERVER) -> Claim:
    return Claim(environment, "tenants", server, name, is_pattern=True)


def named(environment: str, name: str, server: tuple[str, ...] = SERVER) -> Claim:
    return Claim(environment, "main", server, name, is_pattern=False)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ([pattern("staging", "ten_*"), pattern("staging", "*_a")], []),
        ([pattern("staging", "ten_*")], [pattern("prod", "ten_?")]),
        ([pattern("staging", "shop*")], [named("prod", "shop_prod")]),
        ([named("staging", "ten_staging")], [pattern("prod", "ten_*")]),
        ([named("staging", "*n")], [pattern("prod", "*n")]),
    ],
)
def test_what_can_find_the_same_database_is_refused_by_name(
    mine: list[Claim], theirs: list[Claim]
) -> None:
    with pytest.raises(StackFileError) as raised:
        refuse_met(ENV, mine, theirs)
    assert f"{mine[0]} and {[*mine[1:], *theirs][0]}" in raised.value.came_back


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ([pattern("staging", "ten_*"), pattern("staging", "stg_*")], []),
        ([pattern("staging", "ten_*"), named("staging", "ten_a")], []),
        ([pattern("staging", "*")], [pattern("prod", "*", ("other.example", "5432"))]),
        ([pattern("staging", "*")], [pattern("prod", "*", ("db.example", "5433"))]),
        ([pattern("staging", "shop_*")], [named("prod", "shop")]),
        ([named("staging", "shop")], [named("prod", "shop")]),
    ],
)
def test_what_cannot_or_has_a_name_of_its_own_is_let_through(
    mine: list[Claim], theirs: list[Claim]
) -> None:
    refuse_met(ENV, mine, theirs)


@pytest.mark.parametrize("star", [named("staging", "*n"), named("staging", "?en_a")])
def test_a_star_in_a_name_is_a_star(star: Claim) -> None:
    """It stands for nothing else."""
    refuse_met(ENV, [star], [pattern("prod", "ten_*")])
    refuse_met(ENV, [pattern("staging", "ten_*")], [star])
