"""A document archive: a folder that is watched, a volume with what was taken in, and a list of
it."""

import os
import threading
import time
from pathlib import Path

import psycopg2
from flask import Flask, jsonify, request
from markupsafe import escape

TITLE = "Archive"
HERE = Path("/usr/src/archive")
LOOK_SECONDS = 2

app = Flask(__name__)


def ask(sql, *values):
    env = os.environ
    connection = psycopg2.connect(
        host=env["ARCHIVE_DBHOST"],
        user=env["ARCHIVE_DBUSER"],
        password=env["ARCHIVE_DBPASS"],
        dbname=env["ARCHIVE_DBNAME"],
        connect_timeout=3,
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def take_in(name, content):
    [(number,)] = ask("INSERT INTO documents (name) VALUES (%s) RETURNING id", name)
    (HERE / "media" / f"{number:07}").write_bytes(content)
    return number


def watch():
    """Whoever can rename a file has it: another process that watches too finds it gone."""
    while True:
        for file in (HERE / "consume").iterdir():
            mine = file.with_name(f".{file.name}.{os.getpid()}")
            if not file.name.startswith("."):
                try:
                    file.rename(mine)
                except FileNotFoundError:
                    continue
                take_in(file.name, mine.read_bytes())
                mine.unlink()
        time.sleep(LOOK_SECONDS)


@app.get("/")
def home():
    lines = "".join(
        f"<li>{escape(name)}</li>"
        for (name,) in ask("SELECT name FROM documents ORDER BY id DESC LIMIT 20")
    )
    return f"<h1>{TITLE}</h1><ul>{lines}</ul>"


@app.post("/documents")
def upload():
    return jsonify(id=take_in(request.form["name"], request.form["text"].encode())), 201


@app.get("/health")
def health():
    ask("SELECT 1")
    return jsonify(status="ok")


ask(
    "SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS documents (id serial PRIMARY "
    "KEY, name text NOT NULL)"
)
threading.Thread(target=watch, daemon=True).start()
