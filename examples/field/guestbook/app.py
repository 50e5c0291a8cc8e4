"""A guestbook: one page, one form, one table."""

import os

import psycopg2
from flask import Flask, jsonify, request
from markupsafe import escape

TITLE = "Guestbook"
TABLE = (
    "CREATE TABLE IF NOT EXISTS entries (id serial PRIMARY KEY, name text NOT NULL, "
    "at timestamptz DEFAULT now())"
)
MADE_BY_ONE_AT_A_TIME = "SELECT pg_advisory_lock(1)"

app = Flask(__name__)


def connect():
    env = os.environ
    return psycopg2.connect(
        host=env["POSTGRES_HOST"],
        user=env["POSTGRES_USER"],
        password=env["POSTGRES_PASSWORD"],
        dbname=env["POSTGRES_DB"],
        connect_timeout=3,
    )


def ask(sql, *values):
    connection = connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@app.get("/")
def home():
    names = "".join(
        f"<li>{escape(name)}</li>"
        for (name,) in ask("SELECT name FROM entries ORDER BY id DESC LIMIT 20")
    )
    return f"<h1>{TITLE}</h1><ul>{names}</ul>"


@app.post("/entries")
def sign():
    [(number,)] = ask("INSERT INTO entries (name) VALUES (%s) RETURNING id", request.form["name"])
    return jsonify(id=number), 201


@app.get("/health")
def health():
    ask("SELECT 1")
    return jsonify(status="ok")


ask(f"{MADE_BY_ONE_AT_A_TIME}; {TABLE}")
