"""A harbour's logbook: which ship came in."""

import os

import psycopg2
from flask import Flask, jsonify, request
from markupsafe import escape

TITLE = "Logbook"
TABLE = (
    "CREATE TABLE IF NOT EXISTS arrivals (id serial PRIMARY KEY, name text NOT NULL, "
    "at timestamptz DEFAULT now())"
)
MADE_BY_ONE_AT_A_TIME = "SELECT pg_advisory_lock(1)"

app = Flask(__name__)


def connect():
    env = os.environ
    return psycopg2.connect(
        host=env["DB_HOST"],
        user=env["DB_USER"],
        password=env["DB_PASSWORD"],
        dbname=env["DB_NAME"],
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
        for (name,) in ask("SELECT name FROM arrivals ORDER BY id DESC LIMIT 20")
    )
    return f"<h1>{TITLE}</h1><ul>{names}</ul>"


@app.post("/arrivals")
def arrive():
    [(number,)] = ask("INSERT INTO arrivals (name) VALUES (%s) RETURNING id", request.form["ship"])
    return jsonify(id=number), 201


@app.get("/health")
def health():
    ask("SELECT 1")
    return jsonify(status="ok")


ask(f"{MADE_BY_ONE_AT_A_TIME}; {TABLE}")
