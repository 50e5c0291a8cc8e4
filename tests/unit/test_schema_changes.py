"""The class of a revision decides whether a rollback needs nothing, a downgrade, an answer of the
data, or a person."""

from __future__ import annotations

import logging

import pytest

from tests.migrations import CATALOGUE
from tests.migrations.cases import BACK, FILLED, HEAD, LONG, SHORT, TRIP, Case, alter, sql
from tidegate.facts import MigrationClass, Revision
from tidegate.plan.changes import gravest
from tidegate.schema.changes import RevisionSource, classify, fits_of
from tidegate.schema.migration_sql import Engine

ENGINES: tuple[Engine, ...] = ("mysql", "postgresql")
MYSQL: tuple[Engine, frozenset[tuple[str, str]]] = ("mysql", frozenset())
DROP = "op.drop_table('extras')"


def source(up: str, down: str = "pass", rest: str = "") -> RevisionSource:
    return RevisionSource("r1", "a change", Case("", "none", up, down, rest=rest).source)


def classified(up: str, down: str = "pass", rest: str = "", engine: Engine = "mysql") -> Revision:
    return classify([source(up, down, rest)], engine, frozenset())[0]


@pytest.mark.parametrize(
    ("case", "engine"),
    [(case, engine) for case in CATALOGUE for engine in case.engines],
    ids=[f"{case.name}-{engine}" for case in CATALOGUE for engine in case.engines],
)
def test_each_revision_of_the_catalogue_has_its_class(case: Case, engine: Engine) -> None:
    [found] = classify([RevisionSource("0002", case.name, case.source)], engine, FILLED)
    assert (found.kind, bool(found.fits)) == (case.kind, case.is_asked), found.reasons
    assert bool(found.reasons) is (case.kind != "additive")


@pytest.mark.parametrize(
    ("up", "reason"),
    [
        (TRIP, "renames column bills.code to number"),
        ("op.rename_table('bills', 'invoices')", "renames table bills"),
        (
            "op.add_column('bills', sa.Column('m', sa.Integer, nullable=False))",
            "adds bills.m without a default",
        ),
        (
            alter("n", type_="sa.Text()", existing_type="sa.Integer()"),
            "changes the type of bills.n",
        ),
        (
            alter("n", type_="sa.SmallInteger()", existing_type="sa.Integer()"),
            "may cut values of bills.n to SMALLINT",
        ),
        (alter("note", nullable="False", existing_type=SHORT), "bills.note may no longer be empty"),
        ("op.create_unique_constraint('u', 'bills', ['n'])", "adds unique on bills"),
        ("op.drop_table('bills')", "drops table bills"),
        ("op.drop_column('bills', 'note')", "drops column bills.note"),
        (sql("DELETE FROM bills"), "deletes from bills"),
        (sql("TRUNCATE bills"), "truncates bills"),
        (sql("CALL tidy()"), "not understood: CALL tidy()"),
        (sql("SELECT SLEEP(1000)"), "calls SLEEP, which is not looked into"),
        (sql("SELECT tidy()"), "calls tidy, which is not looked into"),
        ("op.execute(input())", "calls input, which is not looked into"),
        ("text = str(op)\nop.execute(text)", "made while it runs"),
        ("from helpers import tidy\ntidy(op.get_bind())", "calls tidy, which is not looked into"),
        (
            "sa.MetaData().drop_all(op.get_bind())",
            "calls sa.MetaData().drop_all, which is not looked into",
        ),
        ("sa.Table('bills', sa.MetaData()).drop(op.get_bind())", "drops table bills"),
        (
            "with Session(op.get_bind()) as session:\n    session.query(sa.table('bills')).delete()",
            "calls session.query(sa.table",
        ),
        (
            "op.drop_column('bills', str(uuid.uuid4()))",
            "drop_column has arguments that are made while it runs",
        ),
        (
            "for name in sa.inspect(op.get_bind()).get_table_names():\n    op.drop_table(name)",
            "drop_table has arguments",
        ),
        ("(lambda: op.drop_table('bills'))()", "calls"),
        ("op.get_context().execute('DELETE FROM bills')", "deletes from bills"),
        (
            "op.get_context().impl.execute('DELETE FROM bills')",
            "calls op.get_context().impl.execute",
        ),
        ("op.execute.__call__('DELETE FROM bills')", "calls op.execute.__call__"),
        ("getattr(op, 'drop_table')('bills')", "calls"),
        ("[op.drop_table][0]('bills')", "drops table bills"),
        ("{'a': op.drop_table}['a']('bills')", "drops table bills"),
        ("{'a': op.drop_table}.get('a')('bills')", "drops table bills"),
        ("dict(a=op.drop_table)['a']('bills')", "calls dict"),
        ("(op.drop_table if op else op.drop_index)('bills')", "calls"),
        (
            "import functools\nfunctools.partial(op.drop_table, 'bills')()",
            "calls functools.partial",
        ),
        ("max(['bills'], key=op.drop_table)", "calls max"),
        ("op.get_bind().connection.cursor().execute('DELETE FROM bills')", "deletes from bills"),
        ("run, name = op.drop_table, 'bills'\nrun(name)", "drops table bills"),
        ("import os\nos.system('mysql -e tidy')", "calls os.system"),
        ("async def tidy():\n    op.drop_table('bills')", "which is not followed"),
    ],
)
def test_a_reason_says_what_decides(up: str, reason: str) -> None:
    assert reason in " ".join(classified(up).reasons)


def test_a_helper_of_the_same_file_is_read_too() -> None:
    helper = "def tidy(name, table='bills'):\n    op.drop_column(table, name)\n"
    assert classified("tidy('note')", "tidy('x')", helper).reasons[0] == "drops column bills.note"


def test_a_helper_that_calls_itself_comes_to_an_end() -> None:
    assert classified("tidy()", rest="def tidy():\n    tidy()\n").kind == "irreversible"


# --- one drags the other ---


def test_an_additive_revision_is_lossy_where_another_one_drags_its_downgrade_along() -> None:
    both = classify(
        [
            source("op.create_table('extras', sa.Column('id', sa.Integer))", DROP),
            source(TRIP, BACK),
        ],
        *MYSQL,
    )
    assert [found.kind for found in both] == ["lossy", "needs downgrade"]
    assert "its downgrade drops table extras" in both[0].reasons
    assert fits_of(both) == ()


def test_a_wider_column_that_is_dragged_along_is_asked_of_the_data() -> None:
    wider = source(
        alter("note", type_=LONG, existing_type=SHORT),
        alter("note", type_=SHORT, existing_type=LONG),
    )
    both = classify([wider, source(TRIP, BACK)], *MYSQL)
    assert [found.kind for found in both] == ["lossy", "needs downgrade"]
    assert [fit.what for fit in fits_of(both)] == [
        "bills.note holds values of at most 20 characters"
    ]


def test_nothing_is_asked_where_the_answer_makes_no_difference() -> None:
    wider = source(
        alter("note", type_=LONG, existing_type=SHORT),
        alter("note", type_=SHORT, existing_type=LONG),
    )
    assert fits_of(classify([wider], *MYSQL)) == ()
    assert (
        fits_of(
            classify(
                [wider, source(TRIP, BACK), source(sql("DELETE FROM bills"), sql("SELECT 1"))],
                *MYSQL,
            )
        )
        == ()
    )


def test_a_revision_that_does_nothing_is_not_dragged_along() -> None:
    assert [one.kind for one in classify([source("pass"), source(TRIP, BACK)], *MYSQL)] == [
        "additive",
        "needs downgrade",
    ]


# --- sources that nobody can read ---


@pytest.mark.parametrize(
    "text",
    [
        None,
        "def upgrade(:",
        "",
        "\0",
        "upgrade = print",
        HEAD + "(" * 10_000,
        "x = " + "-" * 100_000 + "1",
    ],
)
def test_a_source_that_cannot_be_read_is_never_called_harmless(text: str | None) -> None:
    assert classify([RevisionSource("r1", "", text)], *MYSQL)[0].kind == "irreversible"


HUGE = {
    "brackets": "SELECT " + "(" * 50_000 + "1" + ")" * 50_000,
    "functions": "SELECT " + "lower(" * 5_000 + "1" + ")" * 5_000,
    "cases": "SELECT " + "CASE WHEN " * 5_000 + "1" + " THEN 1 END" * 5_000,
    "queries": "SELECT * FROM " + "(SELECT * FROM " * 2_000 + "bills" + ") AS a" * 2_000,
    "negations": "SELECT " + "NOT " * 20_000 + "1",
    "sums": "SELECT " + "1+" * 60_000 + "1",
    "a long text": "SELECT '" + "x" * 3_000_000 + "'",
    "a text without an end": "SELECT '" + "x" * 90_000,
    "a comment without an end": "SELECT 1 /*" + "x" * 90_000,
    "a text in dollars without an end": "SELECT ) $a$" + "x" * 90_000,
    "a million statements": "SELECT 1;" * 1_000_000,
    "what the parser itself trips over": "ALTER TABLE bills DEFAULT ENGINE",
    "a long name": "DROP TABLE " + "x" * 90_000,
    "columns": "ALTER TABLE bills " + ", ".join(f"DROP c{place}" for place in range(9_000)),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", HUGE)
def test_sql_that_is_too_long_or_too_deep_is_lossy_and_says_so_soon(
    name: str, engine: Engine
) -> None:
    text = f"{HEAD}def upgrade():\n    op.execute({HUGE[name]!r})\ndef downgrade():\n    op.execute('SELECT 1')\n"
    [found] = classify([RevisionSource("r1", "", text)], engine, frozenset())
    assert found.kind in ("lossy", "irreversible")  # the latter where the file itself is too long
    assert len(found.reasons) <= 21
    assert all(len(reason) <= 200 for reason in found.reasons)


def test_more_than_can_be_asked_of_the_data_is_for_a_person() -> None:
    def both(up: str, down: str) -> Revision:
        alters = [f"ALTER TABLE bills MODIFY c{place} VARCHAR" for place in range(60)]
        return classified(
            TRIP + "\n" + sql(*(f"{one}({up})" for one in alters)),
            BACK + "\n" + sql(*(f"{one}({down})" for one in alters)),
        )

    assert both("200", "20").fits == ()
    assert "narrows 60 things, which is more than can be asked" in " ".join(
        both("200", "20").reasons
    )
    assert both("20", "20").kind == "needs downgrade"


def test_a_file_that_says_too_much_in_all_is_lossy_and_says_so() -> None:
    up = "for a in range(1):\n    pass\n" + sql(*["SELECT '" + "x" * 20_000 + "'"] * 10)
    found = classify([source(up, sql("SELECT 1")) for _ in range(4)], *MYSQL)
    assert [one.kind for one in found] == ["additive", "lossy", "lossy", "lossy"]
    assert "too long to be looked into" in found[-1].reasons[0]


def test_files_that_go_on_and_on_are_given_up_all_together() -> None:
    one = source("for a in (1, 2, 3):\n    pass\n" * 3_000, sql("SELECT 1"))
    found = classify([one] * 8, *MYSQL)
    assert (found[0].kind, found[-1].kind) == ("additive", "lossy")
    assert "too long or too deep" in found[-1].reasons[0]


@pytest.mark.parametrize(
    "up",
    [
        "names = ['a'] * 10\nfor a in names:\n    pass",
        "for a in (1, 2, 3, 4, 5, 6, 7, 8, 9):\n"
        + "\n".join(
            f"{'    ' * depth}for x{depth} in (1, 2, 3, 4, 5, 6, 7, 8, 9):" for depth in range(1, 9)
        )
        + "\n"
        + "    " * 9
        + "op.drop_table('bills')",
        "op.f(" * 90 + "'a'" + ")" * 90,
        "a = 'x'\n" + "a = a + a\n" * 60 + "op.execute(a)",
        "a = ['x']\n" + "a = a + a\n" * 60 + "op.execute(a)",
        "a = 'x'\n" + "a = f'{a}{a}'\n" * 60 + "op.execute(a)",
        "bills = sa.table('bills')\nop.execute(bills.select()" + ".where(sa.true())" * 3_000 + ")",
    ],
)
def test_a_file_that_would_go_on_and_on_is_given_up(up: str) -> None:
    assert classified(up, sql("SELECT 1")).kind in ("additive", "lossy", "irreversible")


def test_foreign_sql_comes_into_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    classified(sql("ALTER TYPE canary ADD VALUE 'canary'", "DO canary", "CALL canary()"))
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("kinds", "most"),
    [
        ([], "none"),
        (["additive"], "additive"),
        (["lossy", "additive"], "lossy"),
        (["needs downgrade", "irreversible", "lossy"], "irreversible"),
    ],
)
def test_the_gravest_class_wins(kinds: list[MigrationClass], most: MigrationClass) -> None:
    assert gravest(kinds) == most
