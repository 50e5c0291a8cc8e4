"""What the client programs of MySQL and MariaDB complain about, in our words."""

from __future__ import annotations

_FAULTS = (
    (
        "ERROR 1045",
        "the user or password is wrong",
        "Compare the env file with what the database was created with",
    ),
    (
        "ERROR 1044",
        "the user may not use this database",
        "Grant it: GRANT ALL ON <database>.* TO <user>",
    ),
    ("ERROR 1049", "there is no such database", "Create it, or correct its name in the env file"),
    ("ERROR 2002", "the server does not answer", "Start it, or wait until it has started"),
    ("ERROR 2003", "the server does not answer", "Start it, or wait until it has started"),
    ("ERROR 2005", "nobody here knows the server's name", "Correct it in the env file"),
    ("ERROR 1040", "the server has no free connection", "Close some, or raise max_connections"),
    (
        "unknown option '--dump-history'",
        "a table WITH SYSTEM VERSIONING has a history, and these client programs cannot dump it",
        "Use MariaDB 10.11 or newer, or drop the system versioning of the tables",
    ),
    (
        "not found",
        "the container has no MySQL client programs",
        "Use an image that has them, such as mysql:8",
    ),
)


def explained(said: str, database: str) -> tuple[str, str]:
    """What came back, and what to do."""
    for code, came_back, to_do in _FAULTS:
        if (
            code in said.replace("Got error: ", "ERROR ")
            or f"({code.removeprefix('ERROR ')})" in said
        ):
            return f"{came_back} ({said.splitlines()[-1]})", to_do
    return said.splitlines()[-1], f"Correct what it names in {database!r}"
