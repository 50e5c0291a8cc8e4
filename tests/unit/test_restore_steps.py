"""What a restore does beside the data, what it replaces, and when nobody may be let in again."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.data import restores
from tasks.data.restores import (
    clear_beside,
    open_doors,
    restore_beside,
    restore_data,
    touched_data,
)
from tidegate.errors import DatabaseError

SILENT = DatabaseError("asking it", "it does not answer", "Look at it")


class Restoring:
    """Of a backup `b` with two databases of two tables each and one volume."""

    def __init__(self, patch: pytest.MonkeyPatch, *databases: str) -> None:
        self.done, self.rows = list[str](), dict[str, Any]()
        self.declared, self.beside, self.untouched = {"uploads": "shop_uploads"}, set[str](), True
        self.silent = False
        sources = [SimpleNamespace(spec=SimpleNamespace(name=name)) for name in databases]
        chosen = SimpleNamespace(id="b", facts="facts of b")
        self.env = SimpleNamespace(
            restored=SimpleNamespace(
                stand_beside=self._tables("beside"),
                put_in_place=self._tables("in place"),
                remove_beside=self._note("remove beside"),
                remove_replaced=self._note("remove replaced"),
                is_untouched=self._is_untouched,
            ),
            volumes=SimpleNamespace(
                put_beside=lambda facts, name, volume, image, key: self.done.append(
                    f"beside {volume}"
                ),
                stands_beside=lambda volume: volume in self.beside,
                replace=lambda volume, image, key: self.done.append(f"replace {volume}"),
                remove_beside=lambda volume: self.done.append(f"remove beside {volume}"),
            ),
        )
        for name, stands_for in {
            "env_of_data": lambda work: self.env,
            "chosen_backup": lambda work: chosen,
            "volumes": lambda env: self.declared,
            "sources_then": lambda env, facts: self._sources(sources),
            "_image": lambda work: "sha256:tools",
        }.items():
            patch.setattr(restores, name, stands_for)
        self.work: Any = SimpleNamespace(
            env=SimpleNamespace(
                backups=SimpleNamespace(compare=lambda facts: self.done.append("compare")),
                ledger=SimpleNamespace(journal=SimpleNamespace(get=self.rows.get)),
                redactor=SimpleNamespace(redact=str),
            ),
            key=lambda step: step,
            check_fence=lambda: self.done.append("fence"),
            title="shop prod #3",
        )

    def _sources(self, sources: list[Any]) -> list[Any]:
        if self.silent:
            raise SILENT
        return sources

    def _tables(self, what: str) -> Any:
        def asked(facts: str, source: Any) -> dict[str, int]:
            self.done.append(f"{what} {source.spec.name}")
            return {"bills": 3, "items": 0}

        return asked

    def _note(self, what: str) -> Any:
        return lambda source: self.done.append(f"{what} {source.spec.name}")

    def _is_untouched(self, source: Any) -> bool:
        return self.untouched or source.spec.name != "main"

    def take(self, step: Any) -> dict[str, Any]:
        found: dict[str, Any] = step.fn.__wrapped__(self.work)
        found.pop("seconds", None)
        return found


@pytest.fixture
def restoring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with disable_run_logger():
        yield lambda *databases: Restoring(monkeypatch, *databases)


def test_copies_stand_beside_and_their_tables_are_counted(restoring: Any) -> None:
    made = restoring("main", "other")
    assert made.take(restore_beside) == {"backup": "b", "tables": 4}
    assert made.done == ["fence", "beside shop_uploads", "beside main", "beside other"]
    made = restoring()
    made.declared = {}
    assert made.take(restore_beside) == {"backup": "b", "tables": 0}
    assert made.done == ["fence"]


@pytest.mark.parametrize("stands", [True, False])
def test_volumes_are_replaced_last_and_only_then_what_was_there_goes(
    restoring: Any, stands: bool
) -> None:
    made = restoring("main", "other")
    made.beside = {"shop_uploads"} if stands else set()
    rows = {f"{name}.{table}": count for name in ("main", "other") for table, count in TABLES}
    assert made.take(restore_data) == {"backup": "b", "rows": rows}
    assert made.done == [
        "compare",
        "fence",
        "in place main",
        "in place other",
        *([] if stands else ["beside shop_uploads"]),
        "replace shop_uploads",
        "remove replaced main",
        "remove replaced other",
        "remove beside shop_uploads",
    ]


TABLES = (("bills", 3), ("items", 0))


def test_what_stands_beside_goes_where_a_restore_did_not_come_to_use_it(restoring: Any) -> None:
    made = restoring("main")
    clear_beside.fn(made.work)
    assert made.done == []
    made.rows["restore-beside"] = SimpleNamespace(is_done=False)
    clear_beside.fn(made.work)
    assert made.done == ["remove beside main", "remove beside shop_uploads"]
    made.silent = True
    clear_beside.fn(made.work)


@pytest.mark.parametrize(
    ("begun", "is_done", "untouched", "silent", "databases", "touched"),
    [
        (False, False, False, False, ("main",), False),
        (True, True, True, False, ("main",), True),
        (True, False, True, False, ("main", "other"), False),
        (True, False, False, False, ("other", "main"), True),
        (True, False, True, True, ("main",), True),
        (True, False, True, False, (), True),
    ],
)
def test_nobody_is_let_in_again_unless_the_data_are_as_they_were(
    restoring: Any,
    begun: bool,
    is_done: bool,
    untouched: bool,
    silent: bool,
    databases: tuple[str, ...],
    touched: bool,
) -> None:
    """Where there is no database, or one does not answer, nobody knows."""
    made = restoring(*databases)
    if begun:
        made.rows["restore-data"] = SimpleNamespace(is_done=is_done)
    made.untouched, made.silent = untouched, silent
    assert touched_data(made.work) is touched


def test_the_version_that_was_stopped_serves_again(
    restoring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, happened = restoring("main"), list[str]()
    left = SimpleNamespace(slot="shop-prod-2", number=2)
    for name in ("start_again", "wait_for_slot", "open_route"):
        monkeypatch.setattr(restores, name, lambda *_, name=name: happened.append(name))
    monkeypatch.setattr(restores, "all_of", lambda env, slot: {slot})
    monkeypatch.setattr(restores, "previous", lambda work: None)
    assert made.take(open_doors) == {"serving": None}
    monkeypatch.setattr(restores, "previous", lambda work: left)
    assert made.take(open_doors) == {"serving": 2}
    assert happened == ["start_again", "wait_for_slot", "open_route"]
