"""Plays the CRM's API: contacts in a database that is managed elsewhere."""

import os

from flask import Flask, jsonify, request
from sql import ask

LOGIN = {
    "host": os.environ.get("CRM_DB_HOST"),
    "user": os.environ.get("CRM_DB_USER"),
    "password": os.environ.get("CRM_DB_PASSWORD"),
    "dbname": os.environ.get("CRM_DB_NAME"),
}

app = Flask(__name__)


def prepare():
    ask(LOGIN, "CREATE TABLE IF NOT EXISTS contacts (id serial PRIMARY KEY, name text NOT NULL)")


@app.get("/health")
def health():
    ask(LOGIN, "SELECT 1")
    return jsonify(status="ok")


@app.get("/contacts")
def contacts():
    [(count,)] = ask(LOGIN, "SELECT count(*) FROM contacts")
    return jsonify(version=os.environ["VERSION"], contacts=count)


@app.post("/contacts")
def add():
    insert = "INSERT INTO contacts (name) VALUES (%s) RETURNING id"
    [(number,)] = ask(LOGIN, insert, request.form["name"])
    return jsonify(id=number), 201
