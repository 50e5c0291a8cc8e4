"""Plays the service that answers QR codes: its tokens lie in Odoo's Redis."""

import os

import redis
from flask import Flask, jsonify

VERSION = os.environ.get("VERSION", "")

app = Flask(__name__)


def store():
    env = os.environ
    return redis.Redis(
        env["REDIS_HOST"],
        db=int(env["REDIS_DB"]),
        password=env["REDIS_PASSWORD"],
        socket_timeout=3,
    )


def prepare():
    store().ping()


@app.get("/v1/qr/health")
def health():
    store().ping()
    return jsonify(status="ok")


@app.get("/v1/qr/codes")
def codes():
    return jsonify(version=VERSION, codes=store().llen("codes"))


@app.post("/v1/qr/codes")
def print_code():
    number = store().incr("last")
    store().rpush("codes", number)
    return jsonify(id=number), 201
