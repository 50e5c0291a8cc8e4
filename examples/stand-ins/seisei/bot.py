"""Plays the chat bot: messages in one SQLite file, and what it notes beside it."""

import os
import sqlite3
from pathlib import Path

from flask import Flask, jsonify, request

FILE = "/app/data/bot.db"
FOLDERS = (Path("/app/storage"), Path("/app/plugins"))
VERSION = os.environ.get("VERSION", "")

app = Flask(__name__)


def ask(statement, *values):
    connection = sqlite3.connect(FILE, timeout=10)
    try:
        with connection:
            return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def prepare():
    ask("CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, text TEXT)")
    for folder in FOLDERS:
        (folder / "started-by").write_text(VERSION)


@app.get("/")
def home():
    [(count,)] = ask("SELECT count(*) FROM messages")
    return f"<h1>Langbot {VERSION}</h1><p>{count} messages</p>"


@app.post("/messages")
def say():
    [(number,)] = ask("INSERT INTO messages (text) VALUES (?) RETURNING id", request.form["text"])
    return jsonify(id=number), 201
