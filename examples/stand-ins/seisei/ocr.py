"""Plays the OCR service: receipts in PostgreSQL, for whoever has the key."""

import os

from flask import Flask, abort, jsonify, request
from sql import ask

LOGIN = {
    "host": os.environ.get("DB_HOST"),
    "user": os.environ.get("DB_USER"),
    "password": os.environ.get("OCR_DB_PASSWORD"),
    "dbname": os.environ.get("DB_NAME"),
}
VERSION = os.environ.get("VERSION", "")

app = Flask(__name__)


def prepare():
    """It alters its tables at each start, as the real one does."""
    ask(LOGIN, "CREATE TABLE IF NOT EXISTS receipts (id serial PRIMARY KEY, text text NOT NULL)")
    ask(LOGIN, "ALTER TABLE receipts ADD COLUMN IF NOT EXISTS price integer")


def refuse_strangers():
    if request.headers.get("Authorization") != f"Bearer {os.environ['OCR_SERVICE_KEY']}":
        abort(401)


@app.get("/health")
def health():
    ask(LOGIN, "SELECT 1")
    return jsonify(status="ok")


@app.get("/api/v1/quota")
def quota():
    refuse_strangers()
    [(used,)] = ask(LOGIN, "SELECT count(*) FROM receipts")
    return jsonify(version=VERSION, used=used)


@app.post("/api/v1/receipts")
def read():
    refuse_strangers()
    insert = "INSERT INTO receipts (text, price) VALUES (%s, 20) RETURNING id"
    [(number,)] = ask(LOGIN, insert, request.form["text"])
    return jsonify(id=number), 201
