"""What a MySQL or MariaDB database needs of its server: the users who own what stands on its tables, or may use it.

A user that is there is never changed: since the backup its password or its rights may have been.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterator

from blocks.sql_client import Query, quoted, unhex
from tidegate.errors import DatabaseError

STAND_IN = "tidegate: for a copy"
"""Comment of a sequence that stands in the database only because a table of the copy beside names it."""
_MARK = "-- user "
_END = "-- end of users\n"
_USERS = ("SELECT HEX(user), HEX(host) FROM mysql.user WHERE user NOT IN ('', 'root', 'mysql', 'PUBLIC', 'mariadb.sys', "
          "'healthcheck') AND user NOT LIKE 'mysql.%'")
_ON = re.compile(r" ON (?:TABLE |PROCEDURE |FUNCTION |PACKAGE |PACKAGE BODY )?(\*|`(?:[^`]|``)+`)\.(\*|`(?:[^`]|``)+`)")
_OBJECTS = ("SELECT HEX(table_name) FROM information_schema.tables WHERE table_schema = DATABASE() "
            "UNION SELECT HEX(routine_name) FROM information_schema.routines WHERE routine_schema = DATABASE()")
_SEQUENCES = ("SELECT HEX(table_name) FROM information_schema.tables "
              "WHERE table_schema = DATABASE() AND table_type = 'SEQUENCE'")


def globals_script(query: Query, database: str) -> str:
    """Sequences, because a default of a table names them, then each user with what it may do here.

    Users are in it only where the login may see them, which root may.
    """
    sequences = [f"CREATE SEQUENCE IF NOT EXISTS {quoted(database, '`')}.{quoted(unhex(name), '`')} COMMENT '{STAND_IN}';\n"
                 for [name] in query("listing the sequences of", _SEQUENCES)]
    return "".join([*sequences, *_users(query, database), _END])


def missing_users(script: str, query: Query) -> tuple[str, str]:
    """The script's sequences, and its users who are not on this server, each as SQL."""
    sequences, *users = script.removesuffix(_END).split(_MARK)
    there = {f"{user}@{host}" for user, host in _listed(query)}
    blocks = (block.partition("\n") for block in users)
    return sequences, "".join(made for name, _, made in blocks if name not in there)


def _users(query: Query, database: str) -> Iterator[str]:
    there = {unhex(name) for [name] in query("listing what is in", _OBJECTS)}
    for user, host in _listed(query):
        name = f"{_quoted(unhex(user))}@{_quoted(unhex(host))}" if host else _quoted(unhex(user))   # a role has no host
        made = _made(query, name, is_role=not host)
        rights = [_plain(line) for [line, *_] in query("reading the rights of users of", f"SHOW GRANTS FOR {name}")]
        rights = [line for line in rights if _is_about(line, database, there)]
        yield f"{_MARK}{user}@{host}\n" + "".join(f"{line};\n" for line in [made, *rights])


def _made(query: Query, name: str, *, is_role: bool) -> str:
    if is_role:
        return f"CREATE ROLE IF NOT EXISTS {name}"
    [[line, *_]] = query("reading the users of", f"SHOW CREATE USER {name}")
    return _plain(line).replace("CREATE USER", "CREATE USER IF NOT EXISTS", 1)


def _listed(query: Query) -> list[list[str]]:
    try:
        return query("listing the users of", _USERS)
    except DatabaseError:   # not for everybody to see
        return []


def _is_about(right: str, database: str, there: Collection[str]) -> bool:
    """Rights on everything, on roles, and on this database, whose name a server keeps as a pattern.

    A right on a table outlives the table: then it is about nothing that is `there`.
    """
    found = _ON.search(right)
    if found is None or found[1] == "*":
        return True
    pattern, name = (part.strip("`").replace("``", "`") for part in found.groups())
    return _matches(pattern, database) and (name == "*" or name in there)


def _matches(pattern: str, database: str) -> bool:
    """`my\\_shop%`, as LIKE reads it."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    known = {"%": "*", "_": "?"}
    return fnmatch.fnmatchcase(database, "".join(known.get(part) or f"[{part[-1]}]" for part in parts))


def _plain(cell: str) -> str:
    """The client prints a backslash as two."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "0": "\0"}.get(found[1], found[1]), cell)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
