"""What is asked of a MySQL or MariaDB server, as SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blocks.databases.revision_tables import MOST_REVISIONS

OBJECTS = (
    "SELECT table_type, HEX(table_name) FROM information_schema.tables "
    "WHERE table_schema = DATABASE() UNION ALL SELECT routine_type, HEX(routine_name) "
    "FROM information_schema.routines WHERE routine_schema = DATABASE()"
)
VIEWS = "SELECT HEX(table_name) FROM information_schema.views WHERE table_schema = DATABASE()"
SIZE = (
    "SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables "
    "WHERE table_schema = DATABASE()"
)
SIZE_OF = SIZE.replace("DATABASE()", "{}")
DATABASES = (
    "SELECT HEX(schema_name) FROM information_schema.schemata WHERE schema_name NOT IN "
    "('mysql', 'sys', 'information_schema', 'performance_schema') "
    "AND schema_name NOT LIKE '#mysql50#%'"
)
VERSIONED, HISTORY = "SYSTEM VERSIONED", " FOR SYSTEM_TIME ALL"


def literal(text: str) -> str:
    """Names are utf8 in the server's own tables."""
    return f"CONVERT(X'{text.encode().hex()}' USING utf8)"


def written(question: str) -> str:
    """SQL that runs what `question` answers, which is SQL, at one moment: so the server itself
    names the tables to read."""
    return (
        f"SET SESSION group_concat_max_len = {1 << 30}; SET @written = COALESCE(({question}), "
        "'DO 0'); START TRANSACTION WITH CONSISTENT SNAPSHOT; PREPARE written FROM @written; "
        "EXECUTE written; COMMIT"
    )


COUNTS = written(f"""\
SELECT GROUP_CONCAT(CONCAT('SELECT ''', HEX(CONCAT(table_name, history)), ''', COUNT(*) FROM `',
    REPLACE(table_name, '`', '``'), '`', history) SEPARATOR ' UNION ALL ')
  FROM (SELECT table_name, '' AS history FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_type <> 'VIEW'
    UNION ALL SELECT table_name, '{HISTORY}' FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_type = '{VERSIONED}') AS counted""")
# Of InnoDB where the server tells it, as MySQL does: the other numbers count its own work there.
_OF_INNODB = ("Innodb_rows_inserted", "Innodb_rows_deleted")
_OF_ANY = ("Handler_write", "Handler_delete")
WRITES = (*_OF_INNODB, *_OF_ANY)
WRITTEN = f"SHOW GLOBAL STATUS WHERE Variable_name IN {WRITES}"


BEGUN = "SELECT NOW()"
# Since 8.0 the server keeps such facts for a day, unless it is told not to.
WRITTEN_SINCE = """/*!80000 SET SESSION information_schema_stats_expiry = 0 */;
SELECT HEX(table_name) FROM information_schema.tables WHERE table_schema = DATABASE()
  AND table_type <> 'VIEW' AND (update_time IS NULL OR update_time >= '{}')"""


def written_rows(answer: Iterable[Sequence[str]]) -> int:
    """How many rows were made and removed since the server started, in all its databases."""
    status = {name: int(count) for name, count in answer if name in WRITES}
    names = _OF_INNODB if _OF_INNODB[0] in status else _OF_ANY
    return sum(status.get(name, 0) for name in names)


# A history's table has one column, or is called as Alembic calls it and has got more of them.
HISTORIES = """SELECT c.table_schema AS place, c.table_name AS name
  FROM information_schema.columns c JOIN information_schema.tables t
    ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type <> 'VIEW'
  WHERE c.table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
  GROUP BY c.table_schema, c.table_name
  HAVING SUM(c.column_name = 'version_num') = 1
    AND (COUNT(*) = 1 OR c.table_name LIKE 'alembic\\_version%')"""
REVISIONS = written(f"""\
SELECT GROUP_CONCAT(CONCAT('(SELECT ''written'', ''', HEX(place), ''', ''', HEX(name),
    ''', HEX(CONVERT(version_num USING utf8mb4)) FROM `', \
REPLACE(place, '`', '``'), '`.`', REPLACE(name, '`', '``'),
    '` LIMIT {MOST_REVISIONS})') SEPARATOR ' UNION ALL ') FROM ({HISTORIES}) AS histories""")
STATE = f"""SELECT 'default', HEX(DATABASE()), ''
UNION ALL SELECT 'table', HEX(DATABASE()), HEX(table_name) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_type <> 'VIEW'
UNION ALL SELECT 'filled', HEX(table_name), HEX(column_name) FROM information_schema.columns
  WHERE table_schema = DATABASE() AND (column_default <> 'NULL' OR extra LIKE '%auto_increment%')
UNION ALL SELECT 'revisions', HEX(place), HEX(name) FROM ({HISTORIES}) AS histories"""
