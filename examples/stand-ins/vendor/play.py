"""Plays a vendor's application: `web` takes events into PostgreSQL and puts work into Redis,
`worker` does that work."""

import os
import sys

import psycopg2
import redis
from flask import Flask, jsonify, request

TABLE = (
    "CREATE TABLE IF NOT EXISTS events (id serial PRIMARY KEY, name text NOT NULL, "
    "is_done boolean DEFAULT false)"
)
VERSION = os.environ["VERSION"]
QUEUE = "events"

app = Flask(__name__)


def connect():
    """By the words of the vendor that is played."""
    env = os.environ
    if url := env.get("DATABASE_URL"):
        return psycopg2.connect(url, connect_timeout=3)
    return psycopg2.connect(
        host=env["DB_POSTGRESDB_HOST"],
        user=env["DB_POSTGRESDB_USER"],
        password=env["DB_POSTGRESDB_PASSWORD"],
        dbname=env["DB_POSTGRESDB_DATABASE"],
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


def queue():
    host = os.environ.get("QUEUE_BULL_REDIS_HOST")
    return redis.Redis(host) if host else None


@app.get("/")
def home():
    [(count,)] = ask("SELECT count(*) FROM events")
    return f"<h1>Version {VERSION}</h1><p>{count} events</p>"


@app.post("/api/send")
def send():
    [(number,)] = ask("INSERT INTO events (name) VALUES (%s) RETURNING id", request.form["name"])
    if work := queue():
        work.rpush(QUEUE, number)
    return jsonify(id=number), 201


@app.get("/api/heartbeat")
@app.get("/healthz")
def health():
    ask("SELECT 1")
    return jsonify(status="ok")


def work():
    while True:
        _, number = queue().blpop(QUEUE)
        ask("UPDATE events SET is_done = true WHERE id = %s", int(number))


def serve():
    ask(f"SELECT pg_advisory_lock(1); {TABLE}")
    os.execvp(
        "gunicorn",
        ["gunicorn", "--bind", f"0.0.0.0:{os.environ['PORT']}", "--workers", "2", "play:app"],
    )


if __name__ == "__main__":
    {"web": serve, "worker": work}[sys.argv[1]]()
