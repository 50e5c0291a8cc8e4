"""What a client program of a database is given, and what its answers mean, without a database."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, cast

import pytest

from blocks.databases.mysql.server import MySQL
from blocks.databases.mysql.users import globals_script, missing_users, with_users
from blocks.databases.postgresql.server import PostgreSQL
from blocks.databases.sql_client import Login
from tidegate.errors import DatabaseError
from tidegate.facts import Outcome
from tidegate.ports import JobRunner

STEPS = [
    ("making a copy of", "CREATE DATABASE a;\n"),
    ("replacing", "USE a;\nRENAME TABLE a TO b;\n"),
    ("restoring into", ""),
]


class Answering:
    """A container whose client programs answer one thing."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome, self.given = outcome, list[str]()

    def execute(self, container: str, command: Sequence[str], **options: Any) -> Outcome:
        self.command, self.environment = command, options["environment"]
        self.given.append(options["stdin"].read().decode(errors="surrogateescape"))
        return self.outcome


def database(answering: Answering) -> MySQL:
    return MySQL(cast(JobRunner, answering), "db-1", Login("root", "s3cret-word", "app", 3306))


@pytest.mark.parametrize(
    ("printed", "doing"),
    [
        ("", "making a copy of"),
        ("tidegate: step 0\n", "making a copy of"),
        ("tidegate: step 0\ntidegate: step 1\n", "replacing"),
        ("tidegate: step 0\n7\n", "making a copy of"),
        ("tidegate: step 0\ntidegate: step 1\ntidegate: step 2\n41\n", "restoring into"),
    ],
)
def test_an_error_says_which_of_several_steps_failed(printed: str, doing: str) -> None:
    said = "ERROR 1050 (42S01) at line 3: Table 'b' already exists"
    failed = Answering(Outcome(1, printed, said))
    with pytest.raises(DatabaseError, match="already exists") as raised:
        database(failed).act(STEPS)
    assert raised.value.doing == f"{doing} 'app' in db-1"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "in db-1: it stops before its end mark. Look into the log of db-1"),
        ("pg_dump: error: s3cret-word is refused", "in db-1: pg_dump: error: *** is refused"),
    ],
)
def test_a_dump_without_its_end_says_where_and_hides_the_password(said: str, told: str) -> None:
    """A shell's pipe may end well although the program before it did not."""
    asked = PostgreSQL(
        cast(JobRunner, Answering(Outcome(0, "", said))),
        "db-1",
        Login("root", "s3cret-word", "app", 5432),
    )
    with pytest.raises(DatabaseError) as raised:
        asked.dump(io.BytesIO())
    assert told in str(raised.value)


def test_steps_are_given_in_their_order_in_one_run() -> None:
    good = Answering(Outcome(0, "", ""))
    database(good).act(STEPS)
    [given] = good.given
    assert [line for line in given.splitlines() if "step" not in line] == [
        "CREATE DATABASE a;",
        "USE a;",
        "RENAME TABLE a TO b;",
    ]


def test_what_is_no_text_goes_in_as_it_came_out() -> None:
    good = Answering(Outcome(0, "", ""))
    database(good).act([("restoring into", b"SELECT '\xff';\n".decode(errors="surrogateescape"))])
    assert "\udcff" in good.given[0]


def test_a_login_that_may_not_see_users_gets_its_answer_without_them() -> None:
    asked = list[str]()

    def query(doing: str, sql: str) -> list[list[str]]:
        asked.append(sql)
        if "mysql.user" in sql:
            raise DatabaseError(doing, "denied", "Ask root")
        return [["VIEW", "61"]]

    seen = with_users(query, "listing", "SELECT 1")
    assert (seen.rows, list(seen.users), asked[1]) == ([["VIEW", "61"]], [], "SELECT 1")


def test_users_and_roles_come_with_their_rights_on_what_is_there() -> None:
    shown = [
        ["-- user 6D65@25"],
        ["CREATE USER `me`@`%` IDENTIFIED BY PASSWORD '*A\\\\B'"],
        ["GRANT USAGE ON *.* TO `me`@`%`"],
        ["GRANT SELECT ON `app`.`bills` TO `me`@`%`"],
        ["GRANT SELECT ON `app`.`gone` TO `me`@`%`"],
        ["GRANT ALL ON `other`.* TO `me`@`%`"],
        ["-- user 626F6F6B73@"],
        ["GRANT SELECT ON `app`.* TO `books`"],
    ]
    asked = list[str]()

    def query(doing: str, sql: str) -> list[list[str]]:
        asked.append(sql)
        return shown

    objects = [("BASE TABLE", "bills"), ("SEQUENCE", "s")]
    made = globals_script(query, "app", objects, ["6D65@25", "626F6F6B73@"])
    [question] = asked
    assert question.splitlines() == [
        "SELECT '-- user 6D65@25';",
        "SHOW CREATE USER 'me'@'%';",
        "SHOW GRANTS FOR 'me'@'%';",
        "SELECT '-- user 626F6F6B73@';",
        "SHOW GRANTS FOR 'books';",
    ]
    sequences, missing = missing_users(made, [])
    assert sequences == "CREATE SEQUENCE IF NOT EXISTS `app`.`s` COMMENT 'tidegate: for a copy';\n"
    assert missing.splitlines() == [
        "CREATE USER IF NOT EXISTS `me`@`%` IDENTIFIED BY PASSWORD '*A\\B';",
        "GRANT USAGE ON *.* TO `me`@`%`;",
        "GRANT SELECT ON `app`.`bills` TO `me`@`%`;",
        "CREATE ROLE IF NOT EXISTS 'books';",
        "GRANT SELECT ON `app`.* TO `books`;",
    ]
    assert missing_users(made, ["6D65@25"])[1].startswith("CREATE ROLE")


def test_where_there_are_no_users_none_is_asked_for() -> None:
    assert globals_script(lambda doing, sql: pytest.fail(sql), "app", [], []) == "-- end of users\n"


def test_a_name_that_looks_like_an_option_or_an_address_is_a_name() -> None:
    login = Login("root", "s3cret-word", "--host=evil", 3306)
    mysql, postgresql = Answering(Outcome(0, "", "")), Answering(Outcome(0, "", ""))
    MySQL(cast(JobRunner, mysql), "db-1", login).query("asking", "SELECT 1")
    assert mysql.command[-1] == "--database=--host=evil"
    PostgreSQL(cast(JobRunner, postgresql), "db-1", login).query("asking", "SELECT 1")
    assert postgresql.environment["PGDATABASE"] == "--host=evil"
    assert not any("evil" in word for word in postgresql.command)


def test_the_names_of_databases_are_read_without_our_own_copies() -> None:
    names = ["ten_a", "ten_a__tidegate_old", "Ten b"]
    printed = "".join(f"{name.encode().hex()}\n" for name in names)
    for adapter in (MySQL, PostgreSQL):
        answering = Answering(Outcome(0, printed, ""))
        login = Login("root", "s3cret-word", "not-there", 3306)
        found = adapter(cast(JobRunner, answering), "db-1", login).databases()
        assert found == ["ten_a", "Ten b"]
        assert "not-there" not in answering.environment.values()
        assert "--database=not-there" not in answering.command
