"""What a PostgreSQL database needs of its server: roles, their memberships and settings, and the
database's own settings.

It becomes a script for psql, with the database's name as the variable `database`. The script makes
what is missing and changes no role that is there: since the backup its password or its rights may
have been changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from blocks.databases.sql_client import Query, unhex

# Two lists of names, taken before anything is made: the roles that were there, and those of them
# that have settings.
_KNOWN = """SELECT coalesce(array_agg(rolname::text), '{}') AS known,
  coalesce(array_agg(rolname::text) FILTER (WHERE rolconfig IS NOT NULL), '{}') AS set_up \
FROM pg_roles \\gset
"""
_ROLES = """SELECT 'known', rolname, rolname, format('CREATE ROLE %I %s', rolname, concat_ws(' ',
    CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
    CASE WHEN rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
    CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
    CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
    CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
    CASE WHEN rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
    CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
    'CONNECTION LIMIT ' || rolconnlimit,
    CASE WHEN rolvaliduntil IS NOT NULL THEN format('VALID UNTIL %L', rolvaliduntil) END,
    {password}))
  FROM {roles} WHERE rolname NOT LIKE 'pg\\_%' ORDER BY rolname"""
# PostgreSQL 16 has three options of a membership, older ones have one.
_MEMBERS = """\
SELECT 'known', r.rolname, m.rolname, format('GRANT %I TO %I %s', r.rolname, m.rolname, CASE
    WHEN to_jsonb(a) ? 'set_option' THEN format('WITH ADMIN %s, INHERIT %s, SET %s', \
upper(to_jsonb(a)->>'admin_option'),
      upper(to_jsonb(a)->>'inherit_option'), upper(to_jsonb(a)->>'set_option'))
    WHEN a.admin_option THEN 'WITH ADMIN OPTION' ELSE '' END)
  FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
  WHERE m.rolname NOT LIKE 'pg\\_%'"""
# A value of these is a list of names, which stands there as SQL already.
_LISTS = (
    "'search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries', "
    "'shared_preload_libraries', 'unix_socket_directories'"
)
_SETTINGS = f"""\
SELECT CASE WHEN s.setdatabase = 0 THEN 'set_up' ELSE '' END, \
coalesce(r.rolname, ''), coalesce(r.rolname, ''),
  format('ALTER %s SET %I TO %s', CASE
      WHEN s.setrole = 0 THEN 'DATABASE :"database"'
      WHEN s.setdatabase = 0 THEN format('ROLE %I', r.rolname)
      ELSE format('ROLE %I IN DATABASE :"database"', r.rolname) END,
    split_part(line, '=', 1),
    CASE WHEN split_part(line, '=', 1) NOT IN ({_LISTS}) \
THEN quote_literal(substr(line, strpos(line, '=') + 1))
      WHEN substr(line, strpos(line, '=') + 1) IN ('', '""') THEN ''''''
      ELSE substr(line, strpos(line, '=') + 1) END)
  FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) line \
LEFT JOIN pg_roles r ON r.oid = s.setrole
  WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND (s.setrole <> 0 OR s.setdatabase <> 0)"""
_DATABASE = """SELECT '', '', '', concat_ws(' ', 'CREATE DATABASE :"database" TEMPLATE template0',
    format('OWNER %I', pg_get_userbyid(datdba)),
    format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), \
datcollate, datctype),
    CASE to_jsonb(d)->>'datlocprovider'
      WHEN 'i' THEN format('LOCALE_PROVIDER icu ICU_LOCALE %L',
        coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'))
      WHEN 'b' THEN format('LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', \
to_jsonb(d)->>'datlocale') END,
    format('CONNECTION LIMIT %s', datconnlimit))
  FROM pg_database d WHERE datname = current_database()"""
_RIGHTS = """SELECT '', '', '', 'REVOKE ALL ON DATABASE :"database" FROM PUBLIC'
  FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL
UNION ALL SELECT '', '', '', format('GRANT %s ON DATABASE :"database" TO %s %s', privilege_type,
    CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN 'WITH GRANT OPTION' ELSE '' END)
  FROM pg_database, aclexplode(datacl) WHERE datname = current_database()
UNION ALL SELECT '', '', '', format('COMMENT ON DATABASE :"database" IS %L', \
shobj_description(oid, 'pg_database'))
  FROM pg_database WHERE datname = current_database() \
AND shobj_description(oid, 'pg_database') IS NOT NULL"""


def _in_hex(part: str) -> str:
    """A name may hold a tab or a line's end."""
    cells = ", ".join(
        f"encode(convert_to({cell}::text, 'UTF8'), 'hex')" for cell in ("a", "b", "c", "d")
    )
    return f"SELECT {cells} FROM ({part}) AS found (a, b, c, d);\n"


_PASSWORD = "CASE WHEN rolpassword IS NOT NULL THEN format('PASSWORD %L', rolpassword) END"
# psql's \if: only a superuser may read passwords.
_EVERYTHING = (
    "SELECT current_setting('is_superuser') AS is_superuser \\gset\n\\if :is_superuser\n"
    + _in_hex(
        _ROLES.format(
            roles="pg_authid",
            password=_PASSWORD,
        )
    )
    + "\\else\n"
    + _in_hex(_ROLES.format(roles="pg_roles", password="NULL"))
    + "\\endif\n"
    + "".join(map(_in_hex, (_MEMBERS, _DATABASE, _SETTINGS, _RIGHTS)))
)


def globals_script(query: Query) -> str:
    """Passwords, as the server keeps them, are in it where the login is a superuser's."""
    return _KNOWN + "".join(_statements(query("reading the roles and settings of", _EVERYTHING)))


def _statements(found: Iterable[Sequence[str]]) -> Iterator[str]:
    for guard, first, second, statement in (map(unhex, row) for row in found):
        yield _guarded(guard, first, second, statement) if guard else f"{statement};\n"


def _guarded(guard: str, first: str, second: str, statement: str) -> str:
    """Run only if one of the two names is not in the list `guard`."""
    return (
        f"SELECT {literal(statement)} WHERE NOT ARRAY[{literal(first)}, {literal(second)}] "
        f"<@ :'{guard}'::text[] \\gexec\n"
    )


def literal(text: str) -> str:
    """Quoted for PostgreSQL, whatever its settings say about backslashes."""
    return " E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
