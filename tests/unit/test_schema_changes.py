"""The class of a revision decides whether a rollback needs nothing, a downgrade, or a person."""

from __future__ import annotations

import pytest

from tidegate.facts import MigrationClass, Revision
from tidegate.schema_changes import RevisionSource, classify, gravest, way_back

_HEAD = "import sqlalchemy as sa\nimport helpers\nfrom alembic import op\n"


def revision(upgrade: str, downgrade: str = "op.drop_index('x', 'bills')", rest: str = "") -> RevisionSource:
    def body(name: str, text: str) -> str:
        return f"def {name}():\n" + "".join(f"    {line}\n" for line in text.strip().splitlines())
    return RevisionSource("r1", "a change", _HEAD + rest + body("upgrade", upgrade) + body("downgrade", downgrade))


def classified(upgrade: str, downgrade: str = "op.drop_index('x', 'bills')", rest: str = "") -> Revision:
    return classify([revision(upgrade, downgrade, rest)])[0]


TEMPLATE = """
bills = op.create_table('bills', sa.Column('id', sa.String(20), primary_key=True), sa.Column('n', sa.Numeric(12, 2)))
op.create_index('ix', 'bills', ['id'], unique=True)
op.bulk_insert(bills, [dict(id=1)])
op.execute("INSERT INTO bills VALUES (2); UPDATE bills SET n = 0")
"""


@pytest.mark.parametrize("upgrade", [
    TEMPLATE,
    "pass",
    "op.add_column('bills', sa.Column('note', sa.String(20)))",
    "op.add_column('bills', sa.Column('note', sa.String(20), nullable=False, server_default=''))",
    "op.create_index('ix', 'bills', ['id'])",
    "op.execute('SET SESSION sort_buffer_size = 1')",
    "op.execute('CREATE TABLE x (id INT) -- DROP TABLE bills')",
    "op.execute(sa.text('ALTER TABLE bills ADD COLUMN n INT NULL'))",
    "op.alter_column('bills', 'n', comment='money', existing_type=sa.Integer())",
])
def test_what_old_code_does_not_notice_is_additive(upgrade: str) -> None:
    assert classified(upgrade, "op.drop_table('bills')").kind == "additive"


@pytest.mark.parametrize(("upgrade", "reason"), [
    ("op.alter_column('bills', 'n', new_column_name='m')", "renames column bills.n"),
    ("op.alter_column('bills', 'n', type_=sa.Text())", "changes the type of bills.n"),
    ("op.alter_column('bills', 'n', nullable=False)", "changes whether bills.n may be empty"),
    ("op.add_column('bills', sa.Column('n', sa.Integer, nullable=False))", "adds bills.n without a default"),
    ("op.create_unique_constraint('u', 'bills', ['n'])", "adds unique constraint on bills"),
    ("op.create_index('u', 'bills', ['n'], unique=True)", "creates an index on bills"),
    ("op.drop_index('u', 'bills')", "drops index on bills"),
    ("op.rename_table('bills', 'invoices')", "renames table bills"),
    ("op.execute('INSERT INTO bills VALUES (1)')", "inserts into bills"),
    ("op.execute('ALTER TABLE bills MODIFY n INT')", "alters bills"),
    ("op.execute('ALTER TABLE bills DROP INDEX u')", "alters bills"),
    ("op.execute('ALTER TABLE bills ADD COLUMN n INT NOT NULL')", "alters bills"),
    ("op.execute('CREATE TRIGGER t BEFORE INSERT ON bills FOR EACH ROW SET @a = 1')", "CREATE TRIGGER"),
    ("with op.batch_alter_table('bills') as b:\n        b.alter_column('n', new_column_name='m')", "renames column"),
])
def test_what_old_code_may_notice_needs_a_downgrade(upgrade: str, reason: str) -> None:
    found = classified(upgrade)
    assert found.kind == "needs downgrade"
    assert reason in " ".join(found.reasons)


@pytest.mark.parametrize(("upgrade", "reason"), [
    ("op.drop_table('bills')", "drops table bills"),
    ("op.drop_column('bills', 'note')", "drops column bills.note"),
    ("with op.batch_alter_table('bills') as b:\n        b.drop_column('note')", "drops column bills.note"),
    ("op.execute('DELETE FROM bills')", "delete from bills"),
    ("op.execute('UPDATE bills SET n = 0')", "update bills"),
    ("op.execute('-- tidy\\nTRUNCATE bills')", "truncate bills"),
    ("op.execute('SELECT 1; DROP TABLE IF EXISTS bills')", "drop table bills"),
    ("op.execute('ALTER TABLE bills DROP COLUMN note')", "drops column bills.note"),
    ("op.execute('ALTER TABLE bills ADD n INT, DROP note')", "drops column bills.note"),
    ("op.execute('INSERT INTO bills VALUES (1) ON DUPLICATE KEY UPDATE n = 1')", "overwrites rows of bills"),
    ("op.execute('CALL tidy()')", "not understood: CALL tidy()"),
    ("sql = input()\nop.execute(sql)", "made while it runs"),
    ("op.get_bind().execute(sa.text('DELETE FROM bills'))", "delete from bills"),
    ("bills = sa.table('bills')\nop.execute(bills.delete())", "made while it runs"),
    ("helpers.tidy(op.get_bind())", "calls helpers.tidy"),
])
def test_what_changes_or_drops_data_is_lossy(upgrade: str, reason: str) -> None:
    found = classified(upgrade)
    assert found.kind == "lossy"
    assert reason in " ".join(found.reasons)


def test_a_helper_of_the_same_file_is_read_too() -> None:
    helper = "def tidy():\n    op.drop_column('bills', 'note')\n    tidy()\n"
    assert classified("tidy()", rest=helper).reasons == ("drops column bills.note",)


@pytest.mark.parametrize("upgrade", ["op.drop_index('u', 'bills')", "op.drop_column('bills', 'note')"])
@pytest.mark.parametrize(("downgrade", "reason"), [
    ("pass", "it has no downgrade"), ('"""Nothing."""', "it has no downgrade"),
    ("raise NotImplementedError", "its downgrade raises")])
def test_without_a_downgrade_there_is_no_way_back(upgrade: str, downgrade: str, reason: str) -> None:
    found = classified(upgrade, downgrade)
    assert found.kind == "irreversible"
    assert reason in found.reasons


def test_additive_needs_no_downgrade() -> None:
    assert classified(TEMPLATE, "raise NotImplementedError").kind == "additive"


def test_a_downgrade_that_drops_data_makes_it_lossy() -> None:
    found = classified("op.drop_index('u', 'bills')\nop.add_column('bills', sa.Column('n', sa.Integer))",
                       "op.drop_column('bills', 'n')")
    assert (found.kind, found.reasons[-1]) == ("lossy", "its downgrade drops column bills.n")


def test_an_additive_revision_is_lossy_where_another_one_drags_its_downgrade_along() -> None:
    both = classify([revision(TEMPLATE, "op.drop_table('bills')"), revision("op.drop_index('u', 'users')")])
    assert [found.kind for found in both] == ["lossy", "needs downgrade"]
    assert "its downgrade drops table bills" in both[0].reasons


@pytest.mark.parametrize("text", [None, "def upgrade(:", ""])
def test_a_source_that_cannot_be_read_is_never_called_harmless(text: str | None) -> None:
    assert classify([RevisionSource("r1", "", text)])[0].kind == "irreversible"


@pytest.mark.parametrize(("kinds", "most"), [
    ([], "none"), (["additive"], "additive"), (["lossy", "additive"], "lossy"),
    (["needs downgrade", "irreversible", "lossy"], "irreversible")])
def test_the_gravest_class_wins(kinds: list[MigrationClass], most: MigrationClass) -> None:
    assert gravest(kinds) == most


@pytest.mark.parametrize(("kind", "words"), [
    ("none", "image only"), ("additive", "image only"), ("needs downgrade", "image + downgrade by the newer image"),
    ("lossy", "stop and ask: data written since noon"), ("irreversible", "forward only")])
def test_the_plan_s_words_come_from_the_class(kind: MigrationClass, words: str) -> None:
    assert words in way_back(kind, "noon")
