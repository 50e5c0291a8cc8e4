"""Images with a real Django, and with a tool of a team's own that is spoken to in commands."""

from __future__ import annotations

from setup.test_wheels import WHEELS
from tests.images import BASE
from tests.integration.data_servers import build_image

TOOL_IMAGE = "tidegate-test/django:1"
_DOCKERFILE = f"""FROM {BASE}
COPY wheels /wheels
RUN python3 -m venv /opt/venv && \\
    /opt/venv/bin/pip install -q --no-index --find-links /wheels django psycopg-binary psycopg pymysql
ENV PATH=/opt/venv/bin:$PATH DJANGO_SETTINGS_MODULE=site1.settings
WORKDIR /app
"""
MANAGE = """
import sys
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    print("a manage.py that prints")
    execute_from_command_line(sys.argv)
"""
SETTINGS = """
import os
import pymysql
pymysql.version_info = (2, 2, 1, "final", 0)
pymysql.install_as_MySQLdb()
get, kind = os.environ.__getitem__, "MYSQL" if "MYSQL_HOST" in os.environ else "POSTGRES"
INSTALLED_APPS = ["shop", "tags"]
DATABASES = {"default": {
    "ENGINE": "django.db.backends." + {"MYSQL": "mysql", "POSTGRES": "postgresql"}[kind], "USER": get(kind + "_USER"),
    "NAME": get("MYSQL_DATABASE" if kind == "MYSQL" else "POSTGRES_DB"), "PASSWORD": get(kind + "_PASSWORD"),
    "HOST": get(kind + "_HOST")}}
SECRET_KEY, DEFAULT_AUTO_FIELD = get("SECRET_KEY"), "django.db.models.BigAutoField"
"""


def migration(operations: str, *after: tuple[str, str]) -> str:
    return (
        "from django.db import migrations, models\nclass Migration(migrations.Migration):\n"
        f"    dependencies = {list(after)}\n    operations = [{operations}]\n"
    )


ID = "('id', models.BigAutoField(primary_key=True))"
FIRST = {
    "shop/migrations/0001_initial.py": migration(
        f"migrations.CreateModel('Bill', [{ID}, ('note', models.CharField(max_length=20))])"
    ),
    "tags/migrations/0001_initial.py": migration(
        f"migrations.CreateModel('Tag', [{ID}, ('bill', models.ForeignKey('shop.Bill', models.CASCADE))])",
        ("shop", "0001_initial"),
    ),
}
SECOND = {
    "shop/migrations/0002_remark.py": migration(
        "migrations.RenameField('Bill', 'note', 'remark')", ("shop", "0001_initial")
    )
}

STEPS = """#!/opt/venv/bin/python
import os, pathlib, sys
files = sorted(pathlib.Path("steps").glob("*.up.sql"))
names = [file.name.removesuffix(".up.sql") for file in files]
def sql(name, way):
    return pathlib.Path("steps", f"{name}.{way}.sql").read_text()
def done(connection):
    connection.execute("CREATE TABLE IF NOT EXISTS steps (id serial, name text)")
    return [name for [name] in connection.execute("SELECT name FROM steps")]
verb, *rest = sys.argv[1:]
if verb == "list":
    print(*names, sep="\\n")
elif verb in ("sql", "sql-down"):
    print(sql(rest[0], "up" if verb == "sql" else "down"))
else:
    import psycopg
    get = os.environ.__getitem__
    with psycopg.connect(host=get("POSTGRES_HOST"), user=get("POSTGRES_USER"), password=get("POSTGRES_PASSWORD"),
                         dbname=get("POSTGRES_DB")) as connection:
        if verb == "up":
            for name in names:
                if name not in done(connection):
                    connection.execute(sql(name, "up"))
                    connection.execute("INSERT INTO steps (name) VALUES (%s)", [name])
        else:
            connection.execute(sql(rest[0], "down"))
            connection.execute("DELETE FROM steps WHERE name = %s", [rest[0]])
"""
STEP_FILES = {
    "steps/01_bills.up.sql": "CREATE TABLE bills (id INT PRIMARY KEY, note VARCHAR(20));",
    "steps/01_bills.down.sql": "DROP TABLE bills;",
    "steps/02_remark.up.sql": "ALTER TABLE bills RENAME COLUMN note TO remark;",
    "steps/02_remark.down.sql": "ALTER TABLE bills RENAME COLUMN remark TO note;",
}


def build_tool_image() -> str:
    files: dict[str, str | bytes] = {
        f"wheels/{wheel.name}": wheel.read_bytes() for wheel in sorted(WHEELS.iterdir())
    }
    return build_image(TOOL_IMAGE, {"Dockerfile": _DOCKERFILE, **files})


def django_image(tag: str, *parts: dict[str, str]) -> str:
    """A project whose migrations are those of `parts`."""
    packages = {
        f"{folder}/__init__.py": ""
        for folder in ("site1", "shop", "shop/migrations", "tags", "tags/migrations")
    }
    return _image(tag, packages | {"manage.py": MANAGE, "site1/settings.py": SETTINGS}, *parts)


def steps_image(tag: str, *names: str) -> str:
    files = {
        path: text
        for path, text in STEP_FILES.items()
        if path.partition(".")[0].removeprefix("steps/") in names
    }
    return _image(tag, {"tool": STEPS}, files)


def _image(tag: str, *parts: dict[str, str]) -> str:
    build_tool_image()
    files: dict[str, str | bytes] = {
        f"app/{path}": text for part in parts for path, text in part.items()
    }
    run = 'COPY app /app\nENTRYPOINT ["false"]\n'
    return build_image(tag, {"Dockerfile": f"FROM {TOOL_IMAGE}\n{run}", **files})
