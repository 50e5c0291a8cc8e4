"""The shop: what can be bought, and orders."""

from flask import Flask, jsonify, request

from database import ask

TITLE = "Harbour shop"

app = Flask(__name__)


@app.get("/")
def home():
    found = ask("SELECT title, cents FROM articles ORDER BY code")
    lines = "".join(f"<li>{title}: {cents / 100:.2f}</li>" for title, cents in found)
    return f"<h1>{TITLE}</h1><ul>{lines}</ul>"


@app.get("/articles")
def articles():
    found = ask("SELECT code, title, cents FROM articles ORDER BY code")
    return jsonify([dict(zip(("code", "title", "cents"), row, strict=True)) for row in found])


@app.post("/orders")
def order():
    [(number,)] = ask("INSERT INTO orders (code) VALUES (%s) RETURNING id", request.form["code"])
    return jsonify(id=number), 201
