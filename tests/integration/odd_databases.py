"""Ordinary databases that are not only tables of one schema: what teams have, each as SQL and what
a backup of it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Odd:
    """One kind of database. `sql` is run by the owner; `server_sql` makes what lives beside
    databases, once."""

    sql: str
    tables: Mapping[str, int]
    """Rows by name, as the backup says them."""
    server_sql: str = ""
    look: str = "SELECT 1"
    """Its answer is the same before and after."""


def role(name: str, more: str = "") -> str:
    return (
        f"DO $$ BEGIN CREATE ROLE {name} {more}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
    )


def kinds(of: Mapping[str, Odd], mark: pytest.MarkDecorator, *marked: str) -> list[Any]:
    """The parameters of a test. `marked` are the beginnings of the names that have the mark."""
    return [
        pytest.param(odd, id=kind, marks=[mark] if kind.startswith(marked) else [])
        for kind, odd in of.items()
    ]


_QUOTED = '"O\'Neill; ""潮"""'
_PACKETS = "SELECT @@GLOBAL.max_allowed_packet"
SETTINGS = """SELECT setrole::regrole, setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
  WHERE datname = 'app' ORDER BY 1; SELECT acl FROM pg_database, unnest(datacl) acl WHERE datname = 'app' ORDER BY acl::text;
  SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'app'; SHOW search_path"""
POSTGRESQL: dict[str, Odd] = {
    "what other roles own and may do": Odd(
        "CREATE TABLE bills (id INT); INSERT INTO bills VALUES (1); GRANT SELECT ON bills TO reader; "
        "ALTER DEFAULT PRIVILEGES FOR ROLE clerk GRANT SELECT ON TABLES TO reader; CREATE SCHEMA books AUTHORIZATION clerk; "
        "CREATE TABLE books.bills (id INT); ALTER TABLE books.bills OWNER TO clerk; ALTER TABLE bills ENABLE ROW LEVEL SECURITY; "
        f"CREATE POLICY own ON bills FOR SELECT TO reader USING (id > 0); GRANT INSERT ON bills TO {_QUOTED}",
        {"bills": 1, "books.bills": 0},
        role("reader", "LOGIN PASSWORD 'r3ader'") + role("clerk") + role(_QUOTED),
        "SELECT acl, relowner::regrole FROM pg_class, unnest(relacl) acl WHERE relname = 'bills' ORDER BY acl::text; "
        "SELECT acl FROM pg_default_acl, unnest(defaclacl) acl ORDER BY acl::text",
    ),
    "schemas, and names that look like theirs": Odd(
        "CREATE SCHEMA meta; CREATE TABLE meta.alembic_version (version_num VARCHAR(32)); "
        "INSERT INTO meta.alembic_version VALUES ('0007'); CREATE TABLE bills (id INT); CREATE TABLE meta.bills (id INT); "
        "INSERT INTO bills VALUES (1), (2); INSERT INTO meta.bills VALUES (1); "
        'CREATE TABLE "meta.bills" (id INT); INSERT INTO "meta.bills" VALUES (1), (2), (3)',
        {"bills": 2, "meta.alembic_version": 1, "meta.bills": 1, '"meta.bills"': 3},
    ),
    "settings, rights and limits of the database": Odd(
        "CREATE SCHEMA meta; CREATE TABLE meta.bills (id INT); ALTER DATABASE app SET search_path = meta, public; "
        "ALTER DATABASE app SET work_mem = '5MB'; ALTER DATABASE app SET statement_timeout = '1ms'; "
        "ALTER DATABASE app SET default_transaction_read_only = on; ALTER ROLE reader IN DATABASE app SET lock_timeout = '7s'; "
        "REVOKE CONNECT ON DATABASE app FROM PUBLIC; GRANT CONNECT ON DATABASE app TO reader; "
        "COMMENT ON DATABASE app IS 'it''s ours'",
        {"meta.bills": 0},
        role("reader"),
        SETTINGS,
    ),
    "large objects, a materialized view, sequences, partitions": Odd(
        "CREATE TABLE files (content OID); INSERT INTO files SELECT lo_from_bytea(0, 'tide'); SELECT lo_from_bytea(0, 'ebb'); "
        "CREATE TABLE bills (id SERIAL, at DATE) PARTITION BY RANGE (at); CREATE TABLE old PARTITION OF bills DEFAULT; "
        "INSERT INTO bills (at) VALUES ('2026-01-01'), ('2026-01-02'); CREATE MATERIALIZED VIEW sums AS SELECT * FROM bills; "
        "CREATE MATERIALIZED VIEW later AS SELECT 1 AS one WITH NO DATA; CREATE SEQUENCE numbers START 41",
        {
            "files": 1,
            "old": 2,
            "sums": 2,
            "pg_catalog.pg_sequences": 2,
            "pg_catalog.pg_largeobject": 2,
        },
        look="SELECT convert_from(lo_get(content), 'UTF8') FROM files; SELECT last_value FROM bills_id_seq",
    ),
}
MARIADB: dict[str, Odd] = {
    "values of 9 MB, three in one row": Odd(
        "CREATE TABLE files (a LONGBLOB, b LONGBLOB, c LONGBLOB); INSERT INTO files (a) VALUES (REPEAT('\\0tide', 1800000)); "
        "UPDATE files SET b = a; UPDATE files SET c = a",
        {"files": 1},
        look=f"SELECT MD5(a), MD5(b), MD5(c) FROM files; {_PACKETS}",
    ),
    "WITH SYSTEM VERSIONING": Odd(
        "CREATE TABLE bills (id INT PRIMARY KEY, note TEXT) WITH SYSTEM VERSIONING; INSERT INTO bills VALUES (1, 'a'), (2, 'b'); "
        "UPDATE bills SET note = 'c' WHERE id = 1; DELETE FROM bills WHERE id = 2",
        {"bills": 1, "bills FOR SYSTEM_TIME ALL": 3},
        look="SELECT id, note, row_start, row_end FROM bills FOR SYSTEM_TIME ALL ORDER BY 1, 3",
    ),
    "foreign keys both ways": Odd(
        "CREATE TABLE people (id INT PRIMARY KEY, best INT); CREATE TABLE notes (id INT PRIMARY KEY, person INT, "
        "CONSTRAINT whose FOREIGN KEY (person) REFERENCES people (id)); INSERT INTO people VALUES (1, NULL); "
        "INSERT INTO notes VALUES (7, 1); ALTER TABLE people ADD CONSTRAINT likes FOREIGN KEY (best) REFERENCES notes (id)",
        {"people": 1, "notes": 1},
        look="SHOW CREATE TABLE notes; SHOW CREATE TABLE people",
    ),
}
SEQUENCES = Odd(
    "CREATE SEQUENCE s START 41; CREATE TABLE bills (id BIGINT DEFAULT NEXTVAL(s), note TEXT); "
    "CREATE SEQUENCE zz; CREATE TABLE aa (id BIGINT DEFAULT (NEXT VALUE FOR zz) PRIMARY KEY); "
    "INSERT INTO bills (note) VALUES ('a')",
    {"bills": 1, "s": 1, "aa": 0, "zz": 1},
)
CODE = Odd(
    "CREATE TABLE bills (id INT); CREATE TABLE counted (n INT); INSERT INTO counted VALUES (0);"
    "CREATE DEFINER=clerk@'%' TRIGGER one_more AFTER INSERT ON bills FOR EACH ROW UPDATE counted SET n = n + 1; "
    "CREATE DEFINER=clerk@'%' FUNCTION half(x INT) RETURNS INT DETERMINISTIC RETURN x / 2; "
    "CREATE DEFINER=clerk@'%' VIEW halves AS SELECT half(id) FROM bills; INSERT INTO bills VALUES (4); "
    "CREATE EVENT daily ON SCHEDULE EVERY 1 DAY DO DELETE FROM counted; CREATE PROCEDURE p() SELECT 1",
    {"bills": 1, "counted": 1},
    "CREATE USER IF NOT EXISTS clerk@'%' IDENTIFIED BY 'cl3rk'; GRANT ALL ON app.* TO clerk@'%'",
)
