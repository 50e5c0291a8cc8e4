"""What is asked of a PostgreSQL server, as scripts for psql."""

from __future__ import annotations

import re

from blocks.databases.revision_tables import MOST_REVISIONS


def _hex(text: str) -> str:
    return f"encode(convert_to({text}, 'UTF8'), 'hex')"


_OURS_OF_ANY_KIND = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
SIZE = "SELECT pg_database_size(current_database())"
SIZE_OF = "SELECT coalesce(sum(pg_database_size(oid)), 0) FROM pg_database WHERE datname = {}"
SERVER = "template1"
"""The database from which others are made and renamed: every server has it, and nobody works in
it."""
# The last ones belong to whoever runs the server. -2 is one whose removal was begun.
DATABASES = f"""SELECT {_hex("datname")} FROM pg_database WHERE datconnlimit <> -2
  AND datname NOT IN ('template0', 'template1', 'postgres',
    'rdsadmin', 'cloudsqladmin', 'azure_maintenance', 'azure_sys')"""
_OURS = f"{_OURS_OF_ANY_KIND} AND c.relkind = 'r'"
OTHER_ROWS = ("pg_catalog.pg_largeobject", "pg_catalog.pg_sequences")
# psql's \gexec: the server itself writes the SQL that reads whatever tables there are, then runs
# it. One question instead of two. All that holds rows is counted. A partitioned table holds none
# itself, and a view that was never filled has none to count.
COUNTS = f"""SELECT coalesce(string_agg(format('SELECT %L, %L, count(*) FROM %I.%I UNION ALL ',
    {_hex("n.nspname")}, {_hex("c.relname")}, n.nspname, c.relname), ''), '') || $$
  SELECT {_hex("'pg_catalog'")}, {_hex("'pg_largeobject'")}, count(*) FROM pg_largeobject_metadata
  UNION ALL SELECT {_hex("'pg_catalog'")}, {_hex("'pg_sequences'")}, count(*)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
WHERE {_OURS_OF_ANY_KIND} AND c.relkind = 'S'$$
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {_OURS_OF_ANY_KIND} AND c.relkind IN ('r', 'm') AND c.relispopulated \\gexec
"""
COUNTED = re.compile(r"^([0-9a-f]*)\t([0-9a-f]*)\t(\d+)$", re.MULTILINE)
# Counted and dumped at one moment, which the one program exports and the other imports. The locks
# of the count go before pg_dump asks for its own: who waits for one of these tables would stand
# between the two for ever. psql ends well also where pg_dump fails: that is seen by the missing end
# mark.
DUMP = rf"""BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv TIDEGATE_SNAPSHOT :snapshot
SAVEPOINT counted;
\o |cat >&2
{COUNTS}
\o
ROLLBACK TO counted;
\! pg_dump --no-password --no-tablespaces --snapshot="$TIDEGATE_SNAPSHOT"
"""
# A history's table has one column, or is called as Alembic calls it and has got more of them.
_HISTORIES = f"""SELECT n.nspname AS place, c.relname AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE {_OURS} AND has_table_privilege(c.oid, 'SELECT')
  GROUP BY n.nspname, c.relname
  HAVING count(*) FILTER (WHERE a.attname = 'version_num') = 1
    AND (count(*) = 1 OR c.relname LIKE 'alembic\\_version%')"""
STATE = f"""SELECT 'default', {_hex("coalesce(current_schema(), '')")}, ''
UNION ALL SELECT 'table', {_hex("n.nspname")}, {_hex("c.relname")}
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
UNION ALL SELECT 'revisions', {_hex("place")}, {_hex("name")} FROM ({_HISTORIES}) AS histories;
SELECT format('SELECT ''written'', %L, %L, {_hex("version_num::text").replace("'", "''")} \
FROM %I.%I LIMIT {MOST_REVISIONS}',
  {_hex("place")}, {_hex("name")}, place, name) FROM ({_HISTORIES}) AS histories \\gexec
"""
