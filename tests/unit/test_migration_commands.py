"""Migration tools that are spoken to in commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.migration_fakes import RENAME, RENAME_BACK, SPEC, Host, Server, inspect, migrator
from tidegate.errors import EngineError, MigrationError
from tidegate.facts import Outcome
from tidegate.stack.migrations import CommandMigration

CANARY = "canary-31337"
COMMAND = CommandMigration(
    **SPEC,
    tool="command",
    state="SELECT name FROM steps ORDER BY id",
    has=("./steps", "list"),
    up=("./steps", "up"),
    down=("./steps", "down", "{name}"),
    sql=("./steps", "sql", "{name}"),
    sql_down=("./steps", "sql-down", "{name}"),
)
ADD = "CREATE TABLE a (id INT)"


def steps(*names: str, **sql: str) -> Host:
    return Host(
        {
            "steps list": "\n".join(names),
            **{f"sql {name}": text for name, text in sql.items()},
            **{f"sql-down {name}": RENAME_BACK for name in names},
        }
    )


def test_what_is_pending_is_what_the_image_has_and_the_database_has_not() -> None:
    change = inspect(COMMAND, Server(["a"]), steps("a", "b", b=ADD))
    assert (change.current, change.head, [one.id for one in change.revisions]) == (
        "a",
        "a b",
        ["b"],
    )
    assert (change.kind, change.upgrade_sql) == ("additive", f"-- b\n{ADD}")


def test_the_image_is_asked_sealed_and_with_stand_ins_alone() -> None:
    host = steps("a", a=ADD)
    inspect(COMMAND, Server(), host)
    assert [job.command for job in host.jobs] == [
        ("./steps", "list"),
        ("./steps", "sql", "a"),
        ("./steps", "sql-down", "a"),
    ]
    assert all(
        job.sealed and not job.networks and job.environment == {"A": "stand-in"}
        for job in host.jobs
    )


def test_an_empty_database_is_not_asked_for_the_team_s_table() -> None:
    server = Server()
    assert inspect(COMMAND, server, steps("a", a=ADD)).current is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("changed", "kind", "reason"),
    [
        ({}, "needs downgrade", "renames column bills.note"),
        ({"sql_down": None}, "unknown", "`sql_down`"),
        ({"sql": None, "sql_down": None}, "unknown", "`sql`"),
        ({"down": None, "sql_down": None}, "irreversible", "it has no downgrade"),
    ],
)
def test_the_class_is_told_from_the_sql_of_both_ways_and_is_unknown_otherwise(
    changed: dict[str, Any], kind: str, reason: str
) -> None:
    change = inspect(COMMAND.model_copy(update=changed), Server(["a"]), steps("a", "b", b=RENAME))
    assert change.kind == kind
    assert reason in "; ".join(change.revisions[0].reasons)


def test_a_name_that_the_image_does_not_know_is_of_a_newer_one() -> None:
    with pytest.raises(MigrationError, match="at c, which this image does not know"):
        inspect(COMMAND, Server(["a", "c"]), steps("a", "b", b=ADD))


def test_a_version_number_takes_the_place_of_the_one_before() -> None:
    spec = COMMAND.model_copy(update={"replaces": True, "sql": None, "sql_down": None})
    change = inspect(spec, Server(["sale@17.1"]), steps("sale@17.2"))
    assert (change.current, change.head) == ("sale@17.1", "sale@17.2")
    with pytest.raises(MigrationError, match="does not know"):
        inspect(spec, Server(["a@1", "b@1"]), steps("a@1"))


def test_tables_of_which_nothing_is_written_down_are_not_taken_for_an_empty_database() -> None:
    with pytest.raises(MigrationError, match="no migration is written down"):
        inspect(COMMAND, Server(has_tables=True), steps("a", a=ADD))


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("", "it has no migration"),
        ("a b\n", "is no name of a migration"),
        ("a\na\n", "a migration twice"),
    ],
)
def test_an_answer_that_is_no_list_of_names_is_refused(printed: str, said: str) -> None:
    with pytest.raises(MigrationError, match=said):
        inspect(COMMAND, Server(), Host({"steps list": printed}))


def test_a_command_that_fails_while_it_is_sealed_is_told_with_its_own_words() -> None:
    with pytest.raises(MigrationError, match=r"exit code 3: no such file.*without a network"):
        inspect(COMMAND, Server(), Host({"steps list": Outcome(3, "", "no such file")}))


def test_rows_that_are_no_names_are_refused() -> None:
    with pytest.raises(MigrationError, match="not each is one name"):
        inspect(COMMAND, Server(["a name of two words"]), steps("a"))


def moving(server: Server, **more: str | Outcome) -> Host:
    """Its commands move what is written down."""

    def up() -> str:
        server.applied[:] = ["a", "b", "c"]
        return ""

    def down() -> str:
        server.applied.pop()
        return ""

    return Host({**more, "steps up": up, "down c": down, "down b": down})


def test_up_reaches_the_head_and_again_runs_nothing() -> None:
    server = Server(["a"])
    host = moving(server)
    moved = migrator(COMMAND, server, host, TOKEN=CANARY)
    moved.upgrade("a b c")
    moved.upgrade("a b c")
    assert moved.current() == "a b c"
    [job] = host.jobs
    assert (job.command, job.networks, job.sealed, job.working_directory) == (
        ("./steps", "up"),
        ("shop-prod",),
        False,
        "/app",
    )
    assert job.volumes == {"shop-prod_media": "/media"}
    assert job.environment == {
        "TOKEN": CANARY,
        "TIDEGATE_LOCK_TIMEOUT_SECONDS": "10",
        "PGOPTIONS": "-c lock_timeout=10s",
    }


def test_down_takes_back_the_newest_first_and_again_runs_nothing() -> None:
    server = Server(["a", "b", "c"])
    host = moving(server)
    moved = migrator(COMMAND, server, host)
    moved.downgrade("a")
    moved.downgrade("a")
    assert [job.command[-1] for job in host.jobs] == ["c", "b"]
    assert len({job.key for job in host.jobs}) == 2
    assert moved.current() == "a"


def test_a_way_down_that_was_cut_in_two_is_finished() -> None:
    server = Server(["a", "b"])
    host = moving(server)
    migrator(COMMAND, server, host).downgrade("a")
    assert [job.command[-1] for job in host.jobs] == ["b"]


def test_a_state_can_be_gone_down_to_by_one_command() -> None:
    server = Server(["7"])
    host = Host({"down 6": lambda: server.put("6")})
    migrator(
        COMMAND.model_copy(update={"down": ("./steps", "down", "{state}"), "replaces": True}),
        server,
        host,
    ).downgrade("6")
    assert server.applied == ["6"]


def test_a_tool_without_a_way_down_says_so() -> None:
    with pytest.raises(MigrationError, match="this tool has no way down"):
        migrator(COMMAND.model_copy(update={"down": None}), Server(["a", "b"]), Host()).downgrade(
            "a"
        )


def test_a_command_that_ends_well_and_does_not_arrive_is_a_failure() -> None:
    with pytest.raises(MigrationError, match=r"the database is not there: \(2\) → a: -b"):
        migrator(COMMAND, Server(["a"]), Host()).upgrade("a b")


def test_a_lock_that_is_waited_for_in_vain_may_be_tried_again() -> None:
    host = Host({"steps up": Outcome(1, "", "canceling statement due to lock timeout")})
    with pytest.raises(MigrationError, match="Something holds a lock") as raised:
        migrator(COMMAND, Server(["a"]), host).upgrade("a b")
    assert raised.value.retryable


def test_a_secret_in_what_a_command_prints_is_not_shown() -> None:
    host = Host({"steps up": Outcome(1, "", f"cannot log in with {CANARY}")})
    with pytest.raises(MigrationError, match=r"\*\*\*") as raised:
        migrator(COMMAND, Server(["a"]), host, API_TOKEN=CANARY).upgrade("a b")
    assert CANARY not in str(raised.value)


def test_an_engine_that_does_not_answer_may_be_asked_again() -> None:
    def away() -> str:
        raise EngineError("running", "no answer", "Start it", retryable=True)

    with pytest.raises(EngineError):
        inspect(COMMAND, Server(), Host({"steps list": away}))
