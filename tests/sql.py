"""The declared databases of SQL, as tests that speak SQL need them."""

from __future__ import annotations

from tidegate.stack.data import AnyDatabase, Database


def of_sql(spec: AnyDatabase) -> Database:
    assert isinstance(spec, Database)
    return spec
