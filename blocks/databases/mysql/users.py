"""What a MySQL or MariaDB database needs of its server: the users who own what stands on its
tables, or may use it.

A user that is there is never changed: since the backup its password or its rights may have been.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from blocks.databases.sql_client import Query, quoted, script, unhex
from tidegate.errors import DatabaseError

STAND_IN = "tidegate: for a copy"
"""Comment of a sequence that stands in the database only because a table of the copy beside names
it."""
_MARK = "-- user "
_END = "-- end of users\n"
_USERS = (
    "SELECT 'user', HEX(user), HEX(host) FROM mysql.user WHERE user NOT IN ('', 'root', 'mysql', "
    "'PUBLIC', 'mariadb.sys', 'healthcheck') AND user NOT LIKE 'mysql.%'"
)
_ON = re.compile(
    r" ON (?:TABLE |PROCEDURE |FUNCTION |PACKAGE |PACKAGE BODY )?"
    r"(\*|`(?:[^`]|``)+`)\.(\*|`(?:[^`]|``)+`)"
)


Objects = Sequence[tuple[str, str]]
"""Kind and name of each thing in a database."""


@dataclass(frozen=True)
class WithUsers:
    """An answer, and the users of the server: `user@host`, both in hex. A role has no host."""

    rows: Sequence[Sequence[str]]
    users: Sequence[str]


def with_users(query: Query, doing: str, question: str) -> WithUsers:
    """Ask, and list the users in the same breath: none where the login may not see them, as root
    may."""
    try:
        found = query(doing, f"{question}; {_USERS}")
    except DatabaseError:  # not for everybody to see
        return WithUsers(query(doing, question), ())
    users = [f"{row[1]}@{row[2]}" for row in found if row[0] == "user"]
    return WithUsers([row for row in found if row[0] != "user"], users)


def globals_script(query: Query, database: str, objects: Objects, users: Sequence[str]) -> str:
    """Sequences, because a default of a table names them, then each user with what it may do
    here."""
    sequences = [
        f"CREATE SEQUENCE IF NOT EXISTS {quoted(database, '`')}.{quoted(name, '`')} COMMENT "
        f"'{STAND_IN}'"
        for kind, name in objects
        if kind == "SEQUENCE"
    ]
    shown = query("reading the users of", "".join(map(_shows, users))) if users else []
    there = {name for _, name in objects}
    return "".join(
        [script(sequences), *_users([_plain(line) for [line, *_] in shown], database, there), _END]
    )


def missing_users(globals_: str, there: Collection[str]) -> tuple[str, str]:
    """The script's sequences, and its users who are not `there`, each as SQL."""
    sequences, *users = globals_.removesuffix(_END).split(_MARK)
    blocks = (block.partition("\n") for block in users)
    return sequences, "".join(made for name, _, made in blocks if name not in there)


def _shows(user: str) -> str:
    """SQL that prints the mark, how the user was made, then its rights. How a role was made is not
    shown."""
    made = [] if _is_role(user) else [f"SHOW CREATE USER {_named(user)}"]
    return script([f"SELECT '{_MARK}{user}'", *made, f"SHOW GRANTS FOR {_named(user)}"])


def _users(lines: Iterable[str], database: str, there: Collection[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith(_MARK):
            user = line.removeprefix(_MARK)
            yield f"{line}\n" + (
                f"CREATE ROLE IF NOT EXISTS {_named(user)};\n" if _is_role(user) else ""
            )
        elif line.startswith("CREATE USER"):
            yield f"{line.replace('CREATE USER', 'CREATE USER IF NOT EXISTS', 1)};\n"
        elif _is_about(line, database, there):
            yield f"{line};\n"


def _is_role(user: str) -> bool:
    return user.endswith("@")


def _named(user: str) -> str:
    return "@".join(_quoted(unhex(part)) for part in user.split("@") if part)


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
    return fnmatch.fnmatchcase(
        database, "".join(known.get(part) or f"[{part[-1]}]" for part in parts)
    )


def _plain(cell: str) -> str:
    """The client prints a backslash as two."""
    return re.sub(
        r"\\(.)", lambda found: {"n": "\n", "t": "\t", "0": "\0"}.get(found[1], found[1]), cell
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
