"""Plays Odoo for many tenants: a database for each, found by the first part of the host name; a
filestore; sign-in by a form; and calls of the two services beside it."""

import os
import secrets
import urllib.parse
import urllib.request
from pathlib import Path

import redis
from flask import Flask, jsonify, redirect, request
from sql import ask

FILES = Path("/var/lib/odoo/filestore")
SESSIONS = Path("/var/lib/odoo/sessions")
VERSION = os.environ.get("VERSION", "")
FORM = """<form method="post"><input type="hidden" name="csrf_token" value="{token}">
<input name="login"><input type="password" name="password"><button>Log in</button></form>"""

app = Flask(__name__)


def login(tenant):
    env = os.environ
    return {
        "host": env["HOST"],
        "port": env["PORT"],
        "user": env["USER"],
        "password": env["PASSWORD"],
        "dbname": tenant,
    }


def tenant():
    """`dbfilter = ^%d$`."""
    return request.host.split(".")[0]


def call(url, form=None, **headers):
    """What another service answers, and its type."""
    data = urllib.parse.urlencode(form).encode() if form else None
    asked = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(asked, timeout=15) as answer:
        return answer.read(), answer.status, {"Content-Type": answer.headers["Content-Type"]}


@app.get("/web/health")
@app.get("/websocket/health")
def health():
    return jsonify(status="pass")


@app.get("/")
def home():
    [(count,)] = ask(login(tenant()), "SELECT count(*) FROM sale_order")
    return f"<h1>Odoo {VERSION}</h1><p>{tenant()}: {count} orders, {visits()} visits</p>"


@app.post("/orders")
def order():
    insert = "INSERT INTO sale_order (name) VALUES (%s) RETURNING id"
    [(number,)] = ask(login(tenant()), insert, request.form["name"])
    folder = FILES / tenant()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(number)).write_text(request.form["name"])
    return jsonify(id=number), 201


@app.get("/web/login")
def form():
    token = secrets.token_hex(16)
    SESSIONS.mkdir(parents=True, exist_ok=True)
    (SESSIONS / token).touch()
    return FORM.format(token=token)


@app.post("/web/login")
def sign_in():
    query = "SELECT 1 FROM res_users WHERE login = %s AND password = %s"
    found = ask(login(tenant()), query, request.form["login"], request.form["password"])
    token = request.form["csrf_token"]
    if not found or not token.isalnum() or not (SESSIONS / token).exists():
        return FORM.format(token=token)
    return redirect("/", 303)


@app.get("/receipts")
def quota():
    return call(f"{os.environ['OCR_SERVICE_URL']}/api/v1/quota", **key())


@app.post("/receipts")
def scan():
    return call(f"{os.environ['OCR_SERVICE_URL']}/api/v1/receipts", request.form, **key())


@app.get("/codes")
def codes():
    return call("http://qr-bff:3100/v1/qr/codes")


@app.post("/codes")
def print_code():
    return call("http://qr-bff:3100/v1/qr/codes", request.form)


def visits():
    """Counted in Redis, where there is one."""
    url = os.environ.get("REDIS_URL")
    return redis.from_url(url, socket_timeout=3).incr("visits") if url else "no"


def key():
    return {"Authorization": f"Bearer {os.environ['OCR_SERVICE_KEY']}"}
