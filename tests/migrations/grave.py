"""Revisions after which something is gone, or may be."""

from __future__ import annotations

from tests.migrations.cases import (
    ADDED,
    BACK,
    LONG,
    LONG_NOTE,
    MYSQL,
    POSTGRESQL,
    SHORT,
    STATE,
    STATES,
    TRIP,
    Case,
    alter,
    sql,
)

NOTE = "op.add_column('bills', sa.Column('note', sa.String(20)))"
PURGE = "DELETE FROM bills WHERE id = 2"
LOSSY = (
    Case(
        "a table dropped",
        "lossy",
        "op.drop_table('parts')",
        "op.create_table('parts', sa.Column('id', sa.Integer))",
    ),
    Case("a column dropped", "lossy", "op.drop_column('bills', 'note')", NOTE),
    Case(
        "a column dropped in a batch",
        "lossy",
        """
with op.batch_alter_table('bills') as batch:
    batch.drop_column('note')""",
        NOTE,
    ),
    Case(
        "columns dropped in a list",
        "lossy",
        "[op.drop_column('bills', name) for name in ('note', 'n')]",
        NOTE + "\nop.add_column('bills', sa.Column('n', sa.Integer))",
    ),
    Case(
        "a column added and one dropped",
        "lossy",
        sql("ALTER TABLE bills ADD extra INT, DROP note"),
        sql("ALTER TABLE bills DROP extra, ADD note VARCHAR(20)"),
    ),
    Case("rows deleted", "lossy", sql(PURGE), sql("SELECT 1")),
    Case(
        "rows deleted by values",
        "lossy",
        "op.execute(sa.text('DELETE FROM bills WHERE id = :id').bindparams(id=2))",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted by a connection",
        "lossy",
        "op.get_bind().execute(sa.text('DELETE FROM bills WHERE id = :id'), {'id': 2})",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted by a connection's driver",
        "lossy",
        f"op.get_bind().exec_driver_sql({PURGE!r})",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted by an expression",
        "lossy",
        "bills = sa.table('bills', sa.column('id'))\nop.execute(bills.delete().where(bills.c.id == 2))",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted by a session",
        "lossy",
        f"with Session(bind=op.get_bind()) as session:\n    session.execute(sa.text({PURGE!r}))\n    session.commit()",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted by a text that is put together",
        "lossy",
        "for table in ('bills',):\n    op.execute(f'DELETE FROM {table} WHERE id = 2')",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted by a helper",
        "lossy",
        "tidy(op.get_bind())",
        sql("SELECT 1"),
        rest=f"def tidy(connection):\n    connection.execute(sa.text({PURGE!r}))\n",
    ),
    Case(
        "rows deleted where nobody looks",
        "lossy",
        f"list(map(lambda sql: op.execute(sql), [{PURGE!r}]))",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted by another name",
        "lossy",
        f"run = op.execute\nrun({PURGE!r})",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted after a harmless statement",
        "lossy",
        sql(f"SELECT 1; {PURGE}"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows deleted from what may be an old table",
        "lossy",
        """
if not sa.inspect(op.get_bind()).has_table('bills'):
    op.create_table('bills', sa.Column('id', sa.Integer))
op.execute('DELETE FROM bills WHERE id = 2')""",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted from a table that is new only if it was not there",
        "lossy",
        sql("CREATE TABLE IF NOT EXISTS bills (id INT)", PURGE),
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted from a table that took a new one's name",
        "lossy",
        """
op.create_table('extras', sa.Column('id', sa.Integer))
op.drop_table('extras')
op.rename_table('bills', 'extras')
op.execute('DELETE FROM extras WHERE id = 2')""",
        "op.rename_table('extras', 'bills')",
    ),
    Case(
        "rows deleted by a comment that the server runs",
        "lossy",
        sql(f"/*!40000 {PURGE} */"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "rows deleted by a comment that MariaDB runs",
        "lossy",
        sql(f"/*M!100000 {PURGE} */"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "rows deleted after what looks like a comment in a comment",
        "lossy",
        sql(f"/* /* */ {PURGE}"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "rows deleted by a look at the plan",
        "lossy",
        sql(f"EXPLAIN ANALYZE {PURGE}"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows deleted by a look at the plan, with options",
        "lossy",
        sql(f"EXPLAIN (ANALYZE, BUFFERS) {PURGE}"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows deleted by a look at the plan, as MariaDB has it",
        "lossy",
        sql(f"ANALYZE {PURGE}"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case("rows deleted by a function", "lossy", sql("SELECT purge_old_rows()"), sql("SELECT 1")),
    Case(
        "rows deleted by a function of a schema, called as a known one",
        "lossy",
        sql("SELECT shop.lower(1)"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows deleted by a function in an expression",
        "lossy",
        "op.execute(sa.select(sa.func.purge_old_rows()))",
        sql("SELECT 1"),
    ),
    Case(
        "rows deleted by a function that a setting calls",
        "lossy",
        sql("SET @a = purge_old_rows()"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "rows deleted by what looks like a comment's beginning",
        "lossy",
        sql("SELECT 1 --purge_old_rows()"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case("rows deleted by DO", "lossy", sql("DO purge_old_rows()"), sql("SELECT 1"), MYSQL),
    Case(
        "rows deleted by a block",
        "lossy",
        sql(f"DO $$ BEGIN {PURGE}; END $$"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows deleted after a function is made",
        "lossy",
        sql(f"CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS $a$ SELECT 1 $a$; {PURGE}"),
        sql("DROP FUNCTION extra()"),
        POSTGRESQL,
    ),
    Case("rows deleted by a procedure", "lossy", sql("CALL tidy()"), sql("SELECT 1")),
    Case(
        "rows deleted by a prepared statement",
        "lossy",
        sql(f"PREPARE s FROM '{PURGE}'", "EXECUTE s"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "rows deleted by a prepared statement, as PostgreSQL has it",
        "lossy",
        sql(f"PREPARE s AS {PURGE}", "EXECUTE s", "DEALLOCATE s"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows deleted inside of a query",
        "lossy",
        sql(f"WITH gone AS ({PURGE} RETURNING *) SELECT * FROM gone"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows moved to a new table",
        "lossy",
        sql(
            "CREATE TABLE moved AS SELECT * FROM bills WHERE false",
            f"WITH gone AS ({PURGE} RETURNING *) INSERT INTO moved SELECT * FROM gone",
        ),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows deleted with those they point to",
        "lossy",
        sql("DELETE bills FROM bills JOIN users ON users.id = bills.user_id"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case("a table truncated", "lossy", sql("TRUNCATE parts"), sql("SELECT 1")),
    Case(
        "a partition truncated",
        "lossy",
        sql("ALTER TABLE parts TRUNCATE PARTITION p0"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "a partition dropped",
        "lossy",
        sql("ALTER TABLE parts DROP PARTITION p0"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "a partition taken off and dropped",
        "lossy",
        sql("ALTER TABLE parts DETACH PARTITION parts_0", "DROP TABLE parts_0"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "a table made in place of an old one",
        "lossy",
        sql("CREATE OR REPLACE TABLE parts (id INT)"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "what depends on a type dropped with it",
        "lossy",
        sql("DROP TYPE bill_state CASCADE"),
        sql(
            "CREATE TYPE bill_state AS ENUM ('new', 'paid')",
            "ALTER TABLE bills ADD state bill_state NOT NULL DEFAULT 'new'",
        ),
        POSTGRESQL,
    ),
    Case(
        "values overwritten", "lossy", sql("UPDATE bills SET n = 0"), sql("UPDATE bills SET n = 1")
    ),
    Case(
        "values overwritten beside a new column",
        "lossy",
        "op.add_column('bills', sa.Column('extra', sa.Integer))\n"
        + sql("UPDATE bills SET extra = n, n = 0"),
        ADDED,
    ),
    Case(
        "values overwritten by an upsert",
        "lossy",
        sql("INSERT INTO bills (id, note) VALUES (1, 'new') ON DUPLICATE KEY UPDATE note = 'new'"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "values overwritten by an upsert, as PostgreSQL has it",
        "lossy",
        sql(
            "INSERT INTO bills (id, note) VALUES (1, 'new') ON CONFLICT (id) DO UPDATE SET note = 'new'"
        ),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "rows replaced",
        "lossy",
        sql("REPLACE INTO bills (id, note) VALUES (1, 'new')"),
        sql("SELECT 1"),
        MYSQL,
    ),
    Case(
        "rows merged",
        "lossy",
        sql("MERGE INTO bills USING users ON bills.id = users.id WHEN MATCHED THEN DELETE"),
        sql("SELECT 1"),
        POSTGRESQL,
    ),
    Case(
        "a trigger",
        "lossy",
        sql("CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW " + PURGE),
        sql("DROP TRIGGER t"),
        MYSQL,
        ("INSERT INTO users (name) VALUES ('new')",),
    ),
    Case(
        "a rule",
        "lossy",
        sql(f"CREATE RULE r AS ON INSERT TO users DO ALSO {PURGE}"),
        sql("DROP RULE r ON users"),
        POSTGRESQL,
        ("INSERT INTO users (name) VALUES ('new')",),
    ),
    Case(
        "a shorter text, whose cut a cast allows",
        "lossy",
        sql("ALTER TABLE bills ALTER note TYPE VARCHAR(2) USING note::varchar(2)"),
        sql("ALTER TABLE bills ALTER note TYPE VARCHAR(20)"),
        POSTGRESQL,
    ),
    Case(
        "a value converted",
        "lossy",
        sql("ALTER TABLE bills ALTER n TYPE BIGINT USING 0"),
        sql("ALTER TABLE bills ALTER n TYPE INT"),
        POSTGRESQL,
    ),
    Case(
        "fewer digits",
        "lossy",
        alter("price", type_="sa.Numeric(10, 1)", existing_type="sa.Numeric(10, 2)"),
        alter("price", type_="sa.Numeric(10, 2)", existing_type="sa.Numeric(10, 1)"),
    ),
    Case(
        "another type",
        "lossy",
        sql("ALTER TABLE bills ALTER note TYPE TEXT", "ALTER TABLE bills ALTER n TYPE TEXT"),
        sql("ALTER TABLE bills ALTER n DROP DEFAULT", "ALTER TABLE bills ALTER n TYPE INT USING 0"),
        POSTGRESQL,
    ),
    Case(
        "a renamed column, and a new one that the way back drops",
        "lossy",
        TRIP + "\nop.add_column('bills', sa.Column('extra', sa.Integer))",
        BACK + "\n" + ADDED,
        lost="SELECT COUNT(extra) FROM bills",
    ),
    Case(
        "a renamed column, and a new table that the way back drops",
        "lossy",
        TRIP + "\nop.create_table('extras', sa.Column('id', sa.Integer))",
        BACK + "\nop.drop_table('extras')",
        lost="SELECT COUNT(*) FROM extras",
    ),
    Case(
        "a row added, and taken away with what it has become",
        "lossy",
        sql("INSERT INTO users (id, name) VALUES (9, 'new')"),
        sql("DELETE FROM users WHERE id = 9"),
        between=("UPDATE users SET name = 'changed' WHERE id = 9",),
        lost="SELECT name FROM users WHERE id = 9",
    ),
)
ASKED = (
    Case(
        "a longer text beside a renamed column",
        "lossy",
        TRIP + "\n" + alter("note", type_=LONG, existing_type=SHORT),
        BACK + "\n" + alter("note", type_=SHORT, existing_type=LONG),
        between=LONG_NOTE,
        is_asked=True,
    ),
    Case(
        "a longer text of another name",
        "lossy",
        alter("note", new_column_name="'remark'", type_=LONG, existing_type=SHORT),
        "op.alter_column('bills', 'remark', new_column_name='note', type_=sa.String(20), existing_type=sa.String(2000))",
        MYSQL,
        ("UPDATE bills SET remark = 'more than the twenty characters that it was' WHERE id = 1",),
        is_asked=True,
    ),
    Case(
        "a larger number beside a renamed column",
        "lossy",
        TRIP + "\n" + sql("ALTER TABLE bills ALTER n TYPE BIGINT"),
        BACK + "\n" + sql("ALTER TABLE bills ALTER n TYPE INT"),
        POSTGRESQL,
        ("UPDATE bills SET n = 9000000000 WHERE id = 1",),
        is_asked=True,
    ),
    Case(
        "a larger number beside a renamed column, as MySQL has it",
        "lossy",
        TRIP + "\n" + sql("ALTER TABLE bills MODIFY n BIGINT NOT NULL DEFAULT 0"),
        BACK + "\n" + sql("ALTER TABLE bills MODIFY n INT NOT NULL DEFAULT 0"),
        MYSQL,
        ("UPDATE bills SET n = 9000000000 WHERE id = 1",),
        is_asked=True,
    ),
    Case(
        "more digits beside a renamed column",
        "lossy",
        TRIP + "\n" + alter("price", type_="sa.Numeric(12, 4)", existing_type="sa.Numeric(10, 2)"),
        BACK + "\n" + alter("price", type_="sa.Numeric(10, 2)", existing_type="sa.Numeric(12, 4)"),
        between=("UPDATE bills SET price = 1.2345 WHERE id = 1",),
        is_asked=True,
    ),
    Case(
        "more states beside a renamed column",
        "lossy",
        TRIP
        + "\n"
        + alter(
            "state",
            type_=STATES,
            existing_type=STATE,
            existing_nullable="False",
            existing_server_default="'new'",
        ),
        BACK
        + "\n"
        + alter(
            "state",
            type_=STATE,
            existing_type=STATES,
            existing_nullable="False",
            existing_server_default="'new'",
        ),
        MYSQL,
        ("UPDATE bills SET state = 'void' WHERE id = 1",),
        is_asked=True,
    ),
    Case(
        "a column that may be empty, beside a renamed one",
        "lossy",
        TRIP
        + "\n"
        + alter("n", nullable="True", existing_type="sa.Integer()", existing_server_default="'0'"),
        BACK
        + "\n"
        + alter("n", nullable="False", existing_type="sa.Integer()", existing_server_default="'0'"),
        between=("UPDATE bills SET n = NULL WHERE id = 1",),
        is_asked=True,
    ),
    Case(
        "a unique key less",
        "lossy",
        "op.drop_constraint('u_code', 'bills', type_='unique')",
        "op.create_unique_constraint('u_code', 'bills', ['code'])",
        between=("UPDATE bills SET code = 'c1' WHERE id = 2",),
        is_asked=True,
    ),
    Case(
        "a check less, beside a renamed column",
        "lossy",
        TRIP + "\nop.drop_constraint('c_price', 'bills', type_='check')",
        BACK + "\nop.create_check_constraint('c_price', 'bills', 'price >= 0')",
        between=("UPDATE bills SET price = -1 WHERE id = 1",),
        is_asked=True,
    ),
    Case(
        "a foreign key less, beside a renamed column",
        "lossy",
        TRIP + "\nop.drop_constraint('f_user', 'bills', type_='foreignkey')",
        BACK + "\nop.create_foreign_key('f_user', 'bills', 'users', ['user_id'], ['id'])",
        between=("UPDATE bills SET user_id = 77 WHERE id = 1",),
        is_asked=True,
    ),
)
IRREVERSIBLE = (
    Case("a renamed column without a way back", "irreversible", TRIP),
    Case(
        "a renamed column, and a way back that is a docstring",
        "irreversible",
        TRIP,
        '"""Nothing."""',
    ),
    Case("a renamed column, and a way back that returns", "irreversible", TRIP, "return"),
    Case(
        "a renamed column, and a way back for another server",
        "irreversible",
        TRIP,
        "if op.get_bind().dialect.name == 'sqlite':\n    " + BACK,
    ),
    Case(
        "a renamed column, and a way back that refuses",
        "irreversible",
        TRIP,
        "raise NotImplementedError('forward only')",
    ),
    Case("rows deleted without a way back", "irreversible", sql(PURGE)),
    Case(
        "a default that a new type forgets, and so does the way back",
        "irreversible",
        alter(
            "n", type_="sa.BigInteger()", existing_type="sa.Integer()", existing_nullable="False"
        ),
        alter(
            "n", type_="sa.Integer()", existing_type="sa.BigInteger()", existing_nullable="False"
        ),
        MYSQL,
    ),
    Case(
        "a larger key that no longer counts by itself",
        "irreversible",
        alter(
            "id", type_="sa.BigInteger()", existing_type="sa.Integer()", existing_nullable="False"
        ),
        alter(
            "id", type_="sa.Integer()", existing_type="sa.BigInteger()", existing_nullable="False"
        ),
        MYSQL,
    ),
    Case(
        "a default dropped for good",
        "irreversible",
        alter("n", server_default="None", existing_type="sa.Integer()"),
        sql("SELECT 1"),
    ),
    Case(
        "a column without a default, and no way back",
        "irreversible",
        "op.add_column('bills', sa.Column('extra', sa.Integer, nullable=False, server_default=None))\n"
        "op.drop_constraint('u_code', 'bills', type_='unique')",
        engines=MYSQL,
    ),
)
