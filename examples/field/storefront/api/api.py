"""The API: products, and what people put into their baskets."""

import os

import psycopg2
from flask import Flask, jsonify, request

TABLES = """SELECT pg_advisory_lock(7);
CREATE TABLE IF NOT EXISTS products (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO products VALUES (1, 'Tea'), (2, 'Bread'), (3, 'Salt') ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS baskets (id serial PRIMARY KEY, product integer REFERENCES products)"""

app = Flask(__name__)


def ask(sql, *values):
    env = os.environ
    connection = psycopg2.connect(
        host=env["DB_HOST"],
        user=env["DB_USER"],
        password=env["DB_PASSWORD"],
        dbname=env["DB_NAME"],
        connect_timeout=3,
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@app.get("/api/products")
def products():
    return jsonify(
        [
            {"id": number, "title": title}
            for number, title in ask("SELECT id, title FROM products ORDER BY id")
        ]
    )


@app.post("/api/basket")
def basket():
    [(number,)] = ask(
        "INSERT INTO baskets (product) VALUES (%s) RETURNING id", request.form["product"]
    )
    return jsonify(id=number), 201


@app.get("/api/health")
def health():
    ask("SELECT 1")
    return jsonify(status="ok")


ask(TABLES)
