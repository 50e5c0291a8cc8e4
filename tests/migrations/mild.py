"""Revisions that old code survives, or that a downgrade takes back without a loss."""

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

# fmt: off
ADDITIVE = (
    Case("nothing", "additive", "pass"),
    Case("a new table", "additive",
         "op.create_table('extras', sa.Column('id', sa.Integer, primary_key=True))",
         "op.drop_table('extras')"),
    Case("a new table with rows and changes of its own", "additive", """
extras = op.create_table('extras', sa.Column('id', sa.Integer, primary_key=True), sa.Column('n', sa.Integer))
op.bulk_insert(extras, [dict(id=1, n=1), dict(id=2, n=2)])
op.execute('UPDATE extras SET n = 3')
op.execute(extras.delete().where(extras.c.id == 1))
op.create_index('ix_n', 'extras', ['n'], unique=True)
op.add_column('extras', sa.Column('m', sa.Integer, nullable=False, server_default='1'))
op.drop_column('extras', 'm')""", "op.drop_table('extras')"),
    Case("a new table that points to an old one", "additive",
         "op.create_table('extras', sa.Column('bill', sa.Integer, sa.ForeignKey('bills.id')))",
         "op.drop_table('extras')"),
    Case("a new table from the rows of an old one", "additive",
         sql("CREATE TABLE extras AS SELECT * FROM bills"), "op.drop_table('extras')"),
    Case("a new table, if it is not there", "additive", """
if not sa.inspect(op.get_bind()).has_table('extras'):
    op.create_table('extras', sa.Column('id', sa.Integer, primary_key=True))""",
         "op.drop_table('extras')"),
    Case("a column that may be empty", "additive",
         "op.add_column('bills', sa.Column('extra', sa.String(20)))", ADDED),
    Case("a column with a default", "additive",
         "op.add_column('bills', sa.Column('extra', sa.Integer, nullable=False, server_default='0'))",
         ADDED),
    Case("a column with a function as default", "additive",
         "op.add_column('bills', sa.Column('extra', sa.DateTime, nullable=False, server_default=sa.func.now()))",
         ADDED),
    Case("a column of an application's own type", "additive",
         "op.add_column('bills', sa.Column('extra', Money()))", ADDED,
         rest="class Money(sa.types.TypeDecorator):\n    impl, cache_ok = sa.Integer, True\n"),
    Case("a column in a batch", "additive", """
with op.batch_alter_table('bills') as batch:
    batch.add_column(sa.Column('extra', sa.Integer))
    batch.create_index('ix_extra', ['extra'])""", ADDED),
    Case("columns in a loop", "additive", """
for name in ('extra', 'other'):
    op.add_column('bills', sa.Column(name, sa.Integer))""", ADDED),
    Case("a column that is filled", "additive",
         "op.add_column('bills', sa.Column('extra', sa.Integer))\n"
         + sql("UPDATE bills SET extra = n * 2"),
         ADDED),
    Case("a column that is filled row by row", "additive", """
op.add_column('bills', sa.Column('extra', sa.String(36)))
bills = sa.table('bills', sa.column('id', sa.Integer), sa.column('extra', sa.String))
for row in op.get_bind().execute(sa.select(bills.c.id)).fetchall():
    op.get_bind().execute(bills.update().where(bills.c.id == row.id).values(extra=str(uuid.uuid4())))""",
         ADDED),
    Case("a column that is filled by a session", "additive", """
op.add_column('bills', sa.Column('extra', sa.Integer))
with Session(bind=op.get_bind()) as session:
    session.execute(sa.text('UPDATE bills SET extra = :n WHERE id = :id'), {'n': 1, 'id': 2})
    session.commit()""", ADDED),
    Case("a computed column", "additive", "op.add_column('bills', sa.Column('extra', sa.Integer, "
         "sa.Computed('user_id', persisted=True)))", ADDED),
    Case("a foreign key on a new column", "additive", """
op.add_column('bills', sa.Column('extra', sa.Integer))
op.create_foreign_key('f_extra', 'bills', 'users', ['extra'], ['id'])""",
         "op.drop_constraint('f_extra', 'bills', type_='foreignkey')\n" + ADDED),
    Case("a unique key on a new column", "additive", """
op.add_column('bills', sa.Column('extra', sa.Integer))
op.create_unique_constraint('u_extra', 'bills', ['extra'])""", ADDED),
    Case("an index", "additive", "op.create_index('ix_n', 'bills', ['n'])",
         "op.drop_index('ix_n', 'bills')"),
    Case("an index on the beginning of a text", "additive",
         "op.create_index('ix_n', 'bills', [sa.text('note(5)')])", "op.drop_index('ix_n', 'bills')",
         MYSQL),
    Case("an index made beside the work", "additive", """
with op.get_context().autocommit_block():
    op.create_index('ix_n', 'bills', ['n'], postgresql_concurrently=True)""", """
with op.get_context().autocommit_block():
    op.drop_index('ix_n', 'bills', postgresql_concurrently=True)""", POSTGRESQL),
    Case("an index less", "additive", "op.drop_index('ix_price', 'bills')",
         "op.create_index('ix_price', 'bills', ['price'])"),
    Case("a check less", "additive", "op.drop_constraint('c_price', 'bills', type_='check')",
         "op.create_check_constraint('c_price', 'bills', 'price >= 0')"),
    Case("a foreign key less", "additive",
         "op.drop_constraint('f_user', 'bills', type_='foreignkey')",
         "op.create_foreign_key('f_user', 'bills', 'users', ['user_id'], ['id'])"),
    Case("a longer text", "additive", alter("note", type_=LONG, existing_type=SHORT),
         alter("note", type_=SHORT, existing_type=LONG), between=LONG_NOTE),
    Case("a longer text, as SQL", "additive", sql("ALTER TABLE bills MODIFY note VARCHAR(2000)"),
         sql("ALTER TABLE bills MODIFY note VARCHAR(20)"), MYSQL, LONG_NOTE),
    Case("a longer text, cast", "additive",
         sql("ALTER TABLE bills ALTER note TYPE VARCHAR(2000) USING note::varchar(2000)"),
         sql("ALTER TABLE bills ALTER note TYPE VARCHAR(20) USING note::varchar(20)"), POSTGRESQL,
         LONG_NOTE),
    Case("a text without end", "additive", alter("note", type_="sa.Text()", existing_type=SHORT),
         alter("note", type_=SHORT, existing_type="sa.Text()"), between=LONG_NOTE),
    Case("a longer text, with a way back by nobody", "additive",
         alter("note", type_=LONG, existing_type=SHORT)),
    Case("a larger number", "additive",
         alter("n", type_="sa.BigInteger()", existing_type="sa.Integer()",
               existing_nullable="False", existing_server_default="'0'"),
         alter("n", type_="sa.Integer()", existing_type="sa.BigInteger()",
               existing_nullable="False", existing_server_default="'0'"),
         between=("UPDATE bills SET n = 9000000000 WHERE id = 1",)),
    Case("a larger key", "additive",
         alter("id", type_="sa.BigInteger()", existing_type="sa.Integer()",
               existing_nullable="False", existing_autoincrement="True"),
         alter("id", type_="sa.Integer()", existing_type="sa.BigInteger()",
               existing_nullable="False", existing_autoincrement="True"),
         MYSQL),
    Case("more digits", "additive",
         alter("price", type_="sa.Numeric(12, 4)", existing_type="sa.Numeric(10, 2)"),
         alter("price", type_="sa.Numeric(10, 2)", existing_type="sa.Numeric(12, 4)"),
         between=("UPDATE bills SET price = 1.2345 WHERE id = 1",)),
    Case("a longer list of states, as MySQL has it", "additive",
         alter("state", type_=STATES, existing_type=STATE, existing_nullable="False",
               existing_server_default="'new'"),
         alter("state", type_=STATE, existing_type=STATES, existing_nullable="False",
               existing_server_default="'new'"),
         MYSQL, ("UPDATE bills SET state = 'void' WHERE id = 1",)),
    Case("a longer list of states, as PostgreSQL has it", "additive", """
with op.get_context().autocommit_block():
    op.execute("ALTER TYPE bill_state ADD VALUE IF NOT EXISTS 'void' AFTER 'paid'")""",
         engines=POSTGRESQL, between=("UPDATE bills SET state = 'void' WHERE id = 1",)),
    Case("a type of states", "additive", """
kinds = postgresql.ENUM('a', 'b', name='bill_kind')
kinds.create(op.get_bind(), checkfirst=True)
op.add_column('bills', sa.Column('extra', kinds))""",
         ADDED + "\nsa.Enum(name='bill_kind').drop(op.get_bind())", POSTGRESQL),
    Case("a type of states for either server", "additive", """
kinds = sa.Enum('a', 'b', name='bill_kind')
kinds.create(op.get_bind())
op.add_column('bills', sa.Column('extra', kinds))""", ADDED),
    Case("a column that may now be empty", "additive",
         alter("n", nullable="True", existing_type="sa.Integer()", existing_server_default="'0'"),
         alter("n", nullable="False", existing_type="sa.Integer()", existing_server_default="'0'"),
         between=("INSERT INTO bills (id, n) VALUES (9, NULL)",)),
    Case("another default", "additive",
         alter("n", server_default="'5'", existing_type="sa.Integer()"),
         alter("n", server_default="'0'", existing_type="sa.Integer()")),
    Case("a comment", "additive", "op.create_table_comment('bills', 'what is owed')"),
    Case("a view", "additive", sql("CREATE VIEW extras AS SELECT id FROM bills"),
         sql("DROP VIEW extras")),
    Case("an extension, a sequence, a schema", "additive",
         sql("CREATE SEQUENCE extra_seq", "CREATE SCHEMA extra_schema",
             "CREATE EXTENSION IF NOT EXISTS plpgsql"), sql("DROP SCHEMA extra_schema"),
         POSTGRESQL),
    Case("a function, and an index of another name", "additive",
         sql("CREATE FUNCTION extra() RETURNS trigger LANGUAGE plpgsql AS "
             "$$ BEGIN DELETE FROM bills; RETURN NEW; END $$",
             "ALTER INDEX ix_price RENAME TO ix_cost"),
         sql("DROP FUNCTION extra()", "ALTER INDEX ix_cost RENAME TO ix_price"), POSTGRESQL),
    Case("settings of the session", "additive",
         sql("SET SESSION sort_buffer_size = 100000", "SET @a = 1", "SET FOREIGN_KEY_CHECKS = 0"),
         engines=MYSQL),
    Case("settings of the session, and a lock", "additive",
         sql("SET LOCAL lock_timeout = '5s'", "SELECT pg_advisory_xact_lock(1)"),
         engines=POSTGRESQL),
    Case("a look at the plan of a deletion", "additive", sql("EXPLAIN DELETE FROM bills")),
    Case("a look that runs a query", "additive", sql("EXPLAIN ANALYZE SELECT * FROM bills"),
         engines=POSTGRESQL),
    Case("a loss that a comment only tells of", "additive",
         sql("SELECT 1 -- DROP TABLE bills", "SELECT '; DROP TABLE bills'")),
    Case("a loss on the other kind of server", "additive", """
if op.get_bind().dialect.name == 'sqlite':
    op.drop_table('bills')
elif context.is_offline_mode():
    op.drop_table('users')"""),
    Case("an upgrade without a way back that nobody needs", "additive",
         "op.add_column('bills', sa.Column('extra', sa.Integer))", "raise NotImplementedError"),
)
# fmt: on

# fmt: off
NEEDS_DOWNGRADE = (
    Case("a column renamed", "needs downgrade", TRIP, BACK),
    Case("a column renamed in a batch", "needs downgrade", f"""
with op.batch_alter_table('bills') as batch:
    batch.alter_column('code', new_column_name='number', existing_type={SHORT})""", BACK),
    Case("a column renamed, as SQL", "needs downgrade",
         sql("ALTER TABLE bills RENAME COLUMN code TO number"),
         sql("ALTER TABLE bills RENAME COLUMN number TO code")),
    Case("a column renamed, as MySQL has it", "needs downgrade",
         sql("ALTER TABLE bills CHANGE code number VARCHAR(20)"),
         sql("ALTER TABLE bills CHANGE number code VARCHAR(20)"), MYSQL),
    Case("a table renamed", "needs downgrade", "op.rename_table('bills', 'invoices')",
         "op.rename_table('invoices', 'bills')"),
    Case("a table renamed, as MySQL has it", "needs downgrade",
         sql("RENAME TABLE bills TO invoices"), sql("RENAME TABLE invoices TO bills"), MYSQL),
    Case("a table in another schema", "needs downgrade",
         sql("ALTER TABLE bills SET SCHEMA elsewhere"),
         sql("ALTER TABLE elsewhere.bills SET SCHEMA shop"), POSTGRESQL),
    Case("a column that may no longer be empty", "needs downgrade",
         alter("code", nullable="False", existing_type=SHORT),
         alter("code", nullable="True", existing_type=SHORT)),
    Case("a default dropped", "needs downgrade",
         alter("n", server_default="None", existing_type="sa.Integer()", existing_nullable="False"),
         alter("n", server_default="'0'", existing_type="sa.Integer()", existing_nullable="False")),
    Case("a default dropped with the type", "needs downgrade",
         alter("n", type_="sa.BigInteger()", existing_type="sa.Integer()",
               existing_nullable="False"),
         alter("n", type_="sa.BigInteger()", existing_type="sa.BigInteger()",
               existing_nullable="False", existing_server_default="'0'"),
         MYSQL),
    Case("a unique key", "needs downgrade",
         "op.create_unique_constraint('u_note', 'bills', ['note'])",
         "op.drop_constraint('u_note', 'bills', type_='unique')"),
    Case("a unique index", "needs downgrade",
         "op.create_index('u_note', 'bills', ['note'], unique=True)",
         "op.drop_index('u_note', 'bills')"),
    Case("a unique index made beside the work", "needs downgrade", """
with op.get_context().autocommit_block():
    op.create_index('u_note', 'bills', ['note'], unique=True, postgresql_concurrently=True)""",
         "op.drop_index('u_note', 'bills')", POSTGRESQL),
    Case("a check", "needs downgrade", "op.create_check_constraint('c_n', 'bills', 'n > 0')",
         "op.drop_constraint('c_n', 'bills', type_='check')"),
    Case("a check that is made in two steps", "needs downgrade",
         sql("ALTER TABLE bills ADD CONSTRAINT c_n CHECK (n > 0) NOT VALID",
             "ALTER TABLE bills VALIDATE CONSTRAINT c_n"),
         "op.drop_constraint('c_n', 'bills', type_='check')", POSTGRESQL),
    Case("a foreign key", "needs downgrade",
         "op.execute('INSERT INTO referred SELECT n FROM bills')\n"
         "op.create_foreign_key('f_n', 'bills', 'referred', ['n'], ['id'])",
         "op.drop_constraint('f_n', 'bills', type_='foreignkey')"),
    Case("a view replaced", "needs downgrade",
         sql("CREATE OR REPLACE VIEW owed AS SELECT id AS bill FROM bills"),
         sql("CREATE OR REPLACE VIEW owed AS SELECT id, user_id FROM bills"), MYSQL),
    Case("a view dropped", "needs downgrade", sql("DROP VIEW owed"),
         sql("CREATE VIEW owed AS SELECT id, user_id FROM bills")),
    Case("a state renamed", "needs downgrade",
         sql("ALTER TYPE bill_state RENAME VALUE 'paid' TO 'settled'"),
         sql("ALTER TYPE bill_state RENAME VALUE 'settled' TO 'paid'"), POSTGRESQL),
    Case("a type renamed and back again", "needs downgrade",
         sql("ALTER TYPE bill_state RENAME TO bill_status") + "\n" + TRIP,
         sql("ALTER TYPE bill_status RENAME TO bill_state") + "\n" + BACK, POSTGRESQL),
    Case("a longer text, which the way back leaves, beside a renamed column", "needs downgrade",
         TRIP + "\n" + alter("note", type_=LONG, existing_type=SHORT), BACK),
    Case("a helper that renames", "needs downgrade", "rename('code', 'number')",
         "rename('number', 'code')", rest=f"def rename(old, new, kind={SHORT}):\n"
         "    op.alter_column('bills', old, new_column_name=new, existing_type=kind)\n"),
)
# fmt: on
