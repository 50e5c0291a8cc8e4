"""Payroll: hours that were worked, and what they are worth."""

import json
import os
from pathlib import Path

import psycopg2
from flask import Flask, jsonify, request

TITLE = "Payroll"
RATES = json.loads(Path("/etc/payroll/rates.json").read_text())

app = Flask(__name__)


def ask(sql, *values):
    env = os.environ
    password = Path(env["DB_PASSWORD_FILE"]).read_text().strip()
    connection = psycopg2.connect(
        host=env["DB_HOST"],
        user=env["DB_USER"],
        password=password,
        dbname=env["DB_NAME"],
        connect_timeout=3,
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@app.get("/")
def home():
    [(hours,)] = ask("SELECT coalesce(sum(hours), 0) FROM work")
    return f"<h1>{TITLE}</h1><p>{hours} hours at {RATES['hour']}</p>"


@app.post("/work")
def work():
    [(number,)] = ask("INSERT INTO work (hours) VALUES (%s) RETURNING id", request.form["hours"])
    return jsonify(id=number), 201


@app.get("/health")
def health():
    ask("SELECT 1")
    return jsonify(status="ok")


ask(
    "SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS work (id serial PRIMARY KEY, "
    "hours integer NOT NULL)"
)
